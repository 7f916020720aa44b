import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@autotest/core/db';
import { afterAll, describe, expect, it } from 'vitest';
import { describeConcurrency } from '../../test/db/contract/concurrent.ts';
import { describeStore } from '../../test/db/contract/describe-store.ts';
import { describeSuiteProgress } from './suite-progress.ts';

const directory = await mkdtemp(join(tmpdir(), 'autotest-db-'));
let number = 0;
let url = '';
const store = {
  open: () => openDatabase((url = `sqlite:${join(directory, `${++number}`, 'autotest.db')}`), { migrate: true }),
  url: () => url,
};

afterAll(() => rm(directory, { recursive: true, force: true }));

describeStore('an SQLite file', store);
describe('several connections to an SQLite file', () => describeConcurrency(store));

describe('a suite in an SQLite file', () =>
  describeSuiteProgress(() => `sqlite:${join(directory, `${++number}`, 'autotest.db')}`));

describe('opening an SQLite file', () => {
  it('may be done by many at once, each of which migrates', async () => {
    const same = `sqlite:${join(directory, 'many', 'autotest.db')}`;
    const databases = await Promise.all(Array.from({ length: 6 }, () => openDatabase(same, { migrate: true })));
    await databases[0]?.users.add({ login: 'anna', role: 'admin' });
    expect(await Promise.all(databases.map((database) => database.users.count()))).toEqual(databases.map(() => 1));
    await Promise.all(databases.map((database) => database.close()));
  });

  it('tells what to do when tables are missing', async () => {
    const opening = openDatabase(`sqlite:${join(directory, 'empty.db')}`);
    await expect(opening).rejects.toMatchObject({ code: 'AT_DATABASE_OUTDATED' });
  });

  it('keeps what was written', async () => {
    const same = `sqlite:${join(directory, 'kept.db')}`;
    const first = await openDatabase(same, { migrate: true });
    await first.users.add({ login: 'anna', role: 'admin' });
    await first.close();
    const second = await openDatabase(same);
    expect(await second.users.byLogin('anna')).toMatchObject({ role: 'admin' });
    await second.close();
  });
});
