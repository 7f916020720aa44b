import { randomBytes } from 'node:crypto';
import type { SecretStore } from '../../database.ts';
import { isDuplicate, type Session } from '../../session.ts';

const bytes = 32;

export function secretStore(session: Session): SecretStore {
  return {
    async get(name) {
      const known = await find(session, name);
      if (known !== undefined) return known;
      const value = randomBytes(bytes).toString('base64url');
      try {
        await session.write((tx) =>
          tx.db.insertInto('secrets').values({ name, value, createdAt: tx.now }).executeTakeFirstOrThrow(),
        );
        return value;
      } catch (error) {
        const others = isDuplicate(error) ? await find(session, name) : undefined;
        if (others === undefined) throw error;
        return others;
      }
    },
  };
}

async function find({ db }: Session, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}
