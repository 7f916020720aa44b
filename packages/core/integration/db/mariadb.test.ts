import { openDatabase, type Database } from '@autotest/core/db';
import { missingService, startMariaDb, type TestMariaDb } from '@autotest/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeConcurrency } from '../../test/db/contract/concurrent.ts';
import { describeStore } from '../../test/db/contract/describe-store.ts';
import { describeEventGaps } from './event-gaps.ts';
import { describeLocks } from './locks.ts';
import { describeSchema } from './schema.ts';
import { describeSuiteProgress } from './suite-progress.ts';

const missing = missingService('mariadbd');

describe.skipIf(missing !== undefined)(`MariaDB${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestMariaDb;
  let url = '';
  const store = {
    open: () => openDatabase((url = server.newUrl()), { migrate: true }),
    url: () => url,
  };

  beforeAll(async () => {
    server = await startMariaDb();
  });
  afterAll(() => server.stop());

  describeStore('MariaDB', store);
  describe('several connections', () => describeConcurrency(store));
  describe('rows that another connection has locked', () => describeLocks(() => server.newUrl()));
  describe('gaps in the ids of events', () => describeEventGaps(() => server.newUrl()));
  describe('a suite', () => describeSuiteProgress(() => server.newUrl()));
  describe('the schema', () => describeSchema(() => server.newUrl()));

  it('is recognised whatever the URL says', async () => {
    const database = await openDatabase(server.newUrl(), { migrate: true });
    expect(database.engine).toBe('mariadb');
    await database.close();
  });

  it('may be opened by many at once, each of which migrates', async () => {
    const same = server.newUrl();
    const databases: Database[] = await Promise.all(
      Array.from({ length: 4 }, () => openDatabase(same, { migrate: true })),
    );
    await databases[0]?.users.add({ login: 'anna', role: 'admin' });
    expect(await Promise.all(databases.map((database) => database.users.count()))).toEqual([1, 1, 1, 1]);
    await Promise.all(databases.map((database) => database.close()));
  });

  it('tells what to do when it cannot be opened', async () => {
    const missingDatabase = server.newUrl();
    await expect(openDatabase(missingDatabase)).rejects.toMatchObject({
      code: 'AT_DATABASE_UNREACHABLE',
      message: expect.stringContaining('create the database'),
    });
    const wrongUser = missingDatabase.replace('root@', 'nobody:secret@');
    const refused = openDatabase(wrongUser, { migrate: true });
    await expect(refused).rejects.toMatchObject({
      code: 'AT_DATABASE_UNREACHABLE',
      message: expect.stringContaining(`${server.host}:${server.port}`),
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  });
});
