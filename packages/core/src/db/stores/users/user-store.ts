import type { UserStore } from '../../database.ts';
import { AlreadyExistsError } from '../../errors.ts';
import type { TokenRow, UserRow } from '../../rows.ts';
import { isDuplicate, type Session } from '../../session.ts';
import { orNull, rowReader } from '../../values.ts';

const userRow = rowReader<UserRow>();
const tokenRow = rowReader<TokenRow>({ hidden: ['secretHash'] });

export function userStore(session: Session): UserStore {
  return {
    add: (user) => addUser(session, user),
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

async function addUser(session: Session, { login, role }: Parameters<UserStore['add']>[0]): Promise<UserRow> {
  try {
    return await session.write(async ({ db, now }) => {
      const values = { login, role, createdAt: now };
      const { insertId } = await db.insertInto('users').values(values).executeTakeFirstOrThrow();
      return { id: Number(insertId), ...values };
    });
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('user', login, error);
    throw error;
  }
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
