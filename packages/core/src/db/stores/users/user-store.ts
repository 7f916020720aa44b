import type { UserStore } from '../../database.ts';
import { AlreadyExistsError, NotFoundError } from '../../errors.ts';
import type { TokenRow, UserRow } from '../../rows.ts';
import { isDuplicate, type Session, type Tx } from '../../session.ts';
import { defined, orNull, rowReader } from '../../values.ts';

const userRow = rowReader<UserRow>();
const tokenRow = rowReader<TokenRow>({ hidden: ['secretHash'] });

export function userStore(session: Session): UserStore {
  return {
    add: (user, by) => addUser(session, user, by),
    update: (id, patch, by) => updateUser(session, id, patch, by),
    remove: (id, by) => removeUser(session, id, by),
    async byLogin(login) {
      const raw = await session.db.selectFrom('users').selectAll().where('login', '=', login).executeTakeFirst();
      return raw && userRow(raw);
    },
    async list({ role } = {}) {
      let query = session.db.selectFrom('users').selectAll().orderBy('id');
      if (role !== undefined) query = query.where('role', '=', role);
      return (await query.execute()).map(userRow);
    },
    async count() {
      const row = await session.db
        .selectFrom('users')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return row.count;
    },
    addToken: (token) => addToken(session, token),
    byTokenHash: (secretHash, now) => byTokenHash(session, secretHash, now),
    async useLoginToken(tokenId, now) {
      return session.write(async ({ db }) => {
        const { numUpdatedRows } = await db
          .updateTable('tokens')
          .set({ usedAt: now })
          .where('id', '=', tokenId)
          .where('kind', '=', 'login')
          .where('usedAt', 'is', null)
          .where((eb) => eb.or([eb('expiresAt', 'is', null), eb('expiresAt', '>', now)]))
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      });
    },
    async revokeToken(tokenId) {
      await session.write(({ db }) => db.deleteFrom('tokens').where('id', '=', tokenId).execute());
    },
  };
}

async function addUser(
  session: Session,
  { login, role, team }: Parameters<UserStore['add']>[0],
  by: string | undefined,
): Promise<UserRow> {
  try {
    return await session.write(async (tx) => {
      const values = { login, role, team: orNull(team), createdAt: tx.now };
      const { insertId } = await tx.db.insertInto('users').values(values).executeTakeFirstOrThrow();
      if (by !== undefined) tx.emit({ kind: 'access.changed', data: { user: login, role, change: 'added', by } });
      return userRow({ id: Number(insertId), ...values });
    });
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('user', login, error);
    throw error;
  }
}

function updateUser(
  session: Session,
  id: number,
  patch: Parameters<UserStore['update']>[1],
  by: string,
): Promise<UserRow> {
  return session.write(async (tx) => {
    const values = defined(patch);
    if (Object.keys(values).length > 0) await tx.db.updateTable('users').set(values).where('id', '=', id).execute();
    const user = await findUser(tx, id);
    // The role decides over access, the team over shares.
    if (patch.role !== undefined)
      tx.emit({ kind: 'access.changed', data: { user: user.login, role: user.role, change: 'role', by } });
    if (patch.team !== undefined)
      tx.emit({ kind: 'account.changed', data: { user: user.login, team: patch.team, by } });
    return user;
  });
}

function removeUser(session: Session, id: number, by: string): Promise<void> {
  return session.write(async (tx) => {
    const { login } = await findUser(tx, id);
    await tx.db.deleteFrom('tokens').where('userId', '=', id).execute();
    await tx.db.deleteFrom('users').where('id', '=', id).execute();
    tx.emit({ kind: 'access.changed', data: { user: login, change: 'removed', by } });
  });
}

async function findUser({ db }: Tx, id: number): Promise<UserRow> {
  const raw = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  if (!raw) throw new NotFoundError('user', id);
  return userRow(raw);
}

function addToken(session: Session, token: Parameters<UserStore['addToken']>[0]): Promise<TokenRow> {
  return session.write(async ({ db, now }) => {
    const values = { ...token, expiresAt: orNull(token.expiresAt), createdAt: now };
    const { insertId } = await db.insertInto('tokens').values(values).executeTakeFirstOrThrow();
    return tokenRow({ id: Number(insertId), ...values });
  });
}

async function byTokenHash(
  session: Session,
  secretHash: string,
  now: number,
): Promise<{ user: UserRow; token: TokenRow } | undefined> {
  const raw = await session.db
    .selectFrom('tokens')
    .selectAll()
    .where('secretHash', '=', secretHash)
    .where((eb) => eb.or([eb('expiresAt', 'is', null), eb('expiresAt', '>', now)]))
    .where((eb) => eb.or([eb('kind', '!=', 'login'), eb('usedAt', 'is', null)]))
    .executeTakeFirst();
  if (!raw) return undefined;
  const user = await session.db.selectFrom('users').selectAll().where('id', '=', raw.userId).executeTakeFirst();
  return user && { user: userRow(user), token: tokenRow(raw) };
}
