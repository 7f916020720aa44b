import type { Database } from '@autotest/core/db';
import { newJob } from '@autotest/core/testing';
import { describe, expect, test } from 'vitest';
import { startTestServer } from './support/test-server.ts';

/** Notes each question that the database is asked from now on. */
function watchCalls(database: Database): string[] {
  const calls: string[] = [];
  for (const store of [database.jobs, database.hosts, database.results, database.lookup]) {
    for (const [name, method] of Object.entries<(...args: never[]) => unknown>({ ...store })) {
      const counted = (...args: never[]): unknown => {
        calls.push(name);
        return method(...args);
      };
      Object.assign(store, { [name]: counted });
    }
  }
  return calls;
}

/** A server with 60 jobs for one host. */
async function startWithJobs() {
  const { database, post, token } = await startTestServer();
  await database.bundles.put({ hash: 'sha256:0', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 0 });
  const host = await database.hosts.add(
    { name: 'h1', transport: 'ssh', address: 'h1', port: 22, user: 'root' },
    'test',
  );
  for (let n = 0; n < 60; n++) {
    await database.jobs.submit(newJob({ name: `job ${n}`, bundleHash: 'sha256:0', hostIds: [host.id] }));
  }
  const authorization = `Bearer ${await token('ada')}`;
  const ask = async (fields: string, first: number) => {
    const query = `query ($first: Int) { jobs(first: $first) { edges { node { ${fields} } } } }`;
    const { body } = await post({ query, variables: { first } }, { authorization });
    expect(body.errors).toBeUndefined();
  };
  return { database, host, ask };
}

describe('a page of jobs', () => {
  test('asks the database a fixed number of questions, however long it is', async () => {
    const { database, ask } = await startWithJobs();
    const calls = watchCalls(database);
    const asked = async (first: number) => {
      calls.length = 0;
      await ask('id priority counts { total } entries { id state host { name currentJob { id } } }', first);
      return calls.toSorted();
    };
    const few = await asked(2);
    expect(few).toEqual(['entriesOf', 'holders', 'hosts', 'list', 'resultCounts']);
    expect(await asked(60)).toEqual(few);
  });

  test('says why its entries wait with a fixed number of questions', async () => {
    const { database, host, ask } = await startWithJobs();
    const entries = await database.jobs.entriesOf((await database.jobs.list({ first: 100 })).map(({ id }) => id));
    const reason = { code: 'hosts', message: 'busy' } as const;
    await database.scheduling.setWaits([{ key: 'k', reason, entryIds: entries.map(({ id }) => id) }]);
    // The newest: two that are made ready, one of them with a task.
    const [first, second] = entries.slice(-2);
    await database.scheduling.write((change) => {
      if (!first || !second) return;
      change.moveEntry(first, 'assign');
      const entry = change.moveEntry(second, 'assign');
      change.addTask({ hostId: host.id, entry, kind: 'verify', requestedBy: 'dispatcher', dispatcherId: 'd1' });
    });
    const calls = watchCalls(database);
    const asked = async (count: number) => {
      calls.length = 0;
      await ask('entries { why { message position } }', count);
      return calls.toSorted();
    };
    const few = await asked(4);
    expect(few).toEqual(['entriesOf', 'hosts', 'list', 'openTasksOf', 'positions', 'waits']);
    expect(await asked(60)).toEqual(few);
  });
});
