import type { BundleStore, StoredBundle } from '../../database.ts';
import { isDuplicate, type Session } from '../../session.ts';
import { clipName, rowReader } from '../../values.ts';

const bundleRow = rowReader<StoredBundle>({ hidden: ['createdAt'] });

export function bundleStore(session: Session): BundleStore {
  return {
    async put(bundle) {
      if (await has(session, bundle.hash)) return;
      try {
        await session.write(({ db, now }) =>
          db
            .insertInto('bundles')
            .values({ ...bundle, fileName: clipName(bundle.fileName), createdAt: now })
            .execute(),
        );
      } catch (error) {
        // Somebody else put the same content.
        if (!isDuplicate(error)) throw error;
      }
    },
    async get(hash) {
      const raw = await session.db.selectFrom('bundles').selectAll().where('hash', '=', hash).executeTakeFirst();
      return raw && bundleRow(raw);
    },
  };
}

async function has(session: Session, hash: string): Promise<boolean> {
  const row = await session.db.selectFrom('bundles').select('hash').where('hash', '=', hash).executeTakeFirst();
  return row !== undefined;
}
