import { newJob } from '@autotest/core/testing';
import { describe, expect, test } from 'vitest';
import { startTestServer } from './support/test-server.ts';

describe('a page of jobs', () => {
  test('asks the database a fixed number of questions, however long it is', async () => {
    const { database, post, token } = await startTestServer();
    await database.bundles.put({ hash: 'sha256:0', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 0 });
    const host = await database.hosts.add(
      { name: 'h1', transport: 'ssh', address: 'h1', port: 22, user: 'root' },
      'test',
    );
    for (let n = 0; n < 60; n++) {
      await database.jobs.submit(newJob({ name: `job ${n}`, bundleHash: 'sha256:0', hostIds: [host.id] }));
    }
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
    const authorization = `Bearer ${await token('ada')}`;
    const query = `query ($first: Int) { jobs(first: $first) { edges { node {
      id priority counts { total } entries { id state host { name currentJob { id } } } } } } }`;
    const asked = async (first: number) => {
      calls.length = 0;
      const { body } = await post({ query, variables: { first } }, { authorization });
      expect(body.errors).toBeUndefined();
      return calls.toSorted();
    };
    const few = await asked(2);
    expect(few).toEqual(['entriesOf', 'holders', 'hosts', 'list', 'resultCounts']);
    expect(await asked(60)).toEqual(few);
  });
});
