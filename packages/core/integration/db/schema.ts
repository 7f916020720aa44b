import { expect, it } from 'vitest';
import { connectEngine } from '../../src/db/engine-connection.ts';
import { ensureSchema } from '../../src/db/migrate.ts';
import { parseDatabaseUrl } from '../../src/db/url.ts';

/** The migrations lead to the schema of the entities, and running them again does nothing. */
export function describeSchema(newUrl: () => string): void {
  it('is after all migrations what the entities say', async () => {
    const connection = await connectEngine(parseDatabaseUrl(newUrl()), { createDatabase: true });
    try {
      await ensureSchema(connection, 'test', true);
      await ensureSchema(connection, 'test', false);
      expect(await connection.orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
    } finally {
      await connection.orm.close();
    }
  });
}
