import type { WaitReason } from '@autotest/core';
import type { Change, Database, EntryRow, JobRow, NewJob } from '@autotest/core/db';
import { newJob } from '@autotest/core/testing';
import { describe, expect, test } from 'vitest';
import { JobWhyDocument, type JobWhyQuery } from '../../src/client/index.ts';
import { startLab } from '../support/api.ts';

type Why = NonNullable<JobWhyQuery['job']>['entries'][number]['why'];

const busy: WaitReason = {
  code: 'hosts',
  message: 'h1 is running job 9',
  constraints: [{ needs: 'its host', count: 1, nearest: [{ host: 'h1', lacks: 'is running job 9' }] }],
  unblock: ['h1 is free'],
  expectedAt: 1_900_000_000_000,
};

/** A server with a job for hosts h1 and h2, of which a test moves the entries. */
async function startJob(more: Partial<NewJob> = {}) {
  const { database, people } = await startLab([]);
  await database.bundles.put({ hash: 'sha256:0', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 0 });
  const hosts = await database.lookup.hostsNamed(['h1', 'h2']);
  const hostIds = Array.from(hosts.values(), ({ id }) => id);
  const submit = (wishes: Partial<NewJob>) =>
    database.jobs.submit(newJob({ bundleHash: 'sha256:0', hostIds, ...wishes }));
  const { job, entries } = await submit(more);
  const [first, second] = entries;
  if (!first || !second) throw new Error('no entries');
  return {
    database,
    submit,
    job,
    first,
    second,
    whys: async (id: number = job.id): Promise<Why[]> => {
      const answer = await people.root.request(JobWhyDocument, { id: String(id) });
      return answer.job?.entries.map(({ why }) => why) ?? [];
    },
  };
}

/** Gives an entry its host, with a verify or ready at once. */
function assign(change: Change, entry: EntryRow, isVerified: boolean): EntryRow {
  const assigned = change.moveEntry(entry, 'assign');
  if (isVerified) return change.moveEntry(assigned, 'host_ready');
  const task = change.addTask({
    hostId: entry.hostId ?? 0,
    entry: assigned,
    kind: 'verify',
    requestedBy: 'dispatcher',
    dispatcherId: 'd1',
  });
  const { id } = change.addExecution({ ...common, purpose: 'verify', taskId: task.id, deadlineAt: 1_900_000_000_000 });
  change.moveTask(task, 'start', { executionId: id, entry: assigned });
  return assigned;
}

const common = { attempt: 1, epoch: 1, tag: 't', resultsDir: '/tmp/t', socketPath: '/tmp/s', dispatcherId: 'd1' };
const server = { metadata: { name: 'j', author: 'a', doc: 'd', type: 'server' }, syncCount: 2 } as const;

describe('why an entry does not run', () => {
  test('is not known before a dispatcher has looked at it', async () => {
    const { whys } = await startJob();
    expect((await whys())[0]).toMatchObject({
      code: 'capacity',
      message: 'no dispatcher has looked at it yet',
      position: null,
      constraints: [],
    });
  });

  test('is the stored reason while it is queued, with its place in the queue', async () => {
    const { database, first, second, whys } = await startJob();
    await database.scheduling.setWaits([{ key: 'k', reason: busy, entryIds: [first.id, second.id] }]);
    const [one, two] = await whys();
    expect(one).toMatchObject({
      ...busy,
      expectedAt: '2030-03-17T17:46:40.000Z',
      position: 1,
      queueLength: 2,
      waitsFor: [],
    });
    expect(two).toMatchObject({ position: 2, queueLength: 2 });
    expect(Date.parse(one?.since ?? '')).toBeGreaterThanOrEqual(first.queuedAt);
  });

  test('is the special task that makes its host fit, and then nothing more than being started', async () => {
    const { database, first, second, whys } = await startJob();
    await database.scheduling.write((change) => assign(change, first, false));
    expect((await whys())[0]).toMatchObject({
      code: 'preparing',
      message: 'h1 is being verified',
      expectedAt: '2030-03-17T17:46:40.000Z',
      since: expect.any(String),
      unblock: ['the verify of h1 passes'],
    });
    await database.scheduling.write((change) => assign(change, second, true));
    expect((await whys())[1]).toMatchObject({ code: 'starting', message: 'its host is ready; it is about to start' });
  });

  test('is the siblings that are missing, with what each of them waits for', async () => {
    const { database, first, second, whys } = await startJob(server);
    await database.scheduling.setWaits([{ key: 'k', reason: busy, entryIds: [second.id] }]);
    await database.scheduling.write((change) => assign(change, first, true));
    expect(await whys()).toMatchObject([
      {
        code: 'siblings',
        message: 'waits for 1 more host; h2 is missing: h1 is running job 9',
        constraints: [
          { needs: '2 hosts that start together', nearest: [{ host: 'h2', lacks: 'is missing: h1 is running job 9' }] },
        ],
        expectedAt: '2030-03-17T17:46:40.000Z',
      },
      { code: 'hosts' },
    ]);
    const queued = (await database.lookup.entries([second.id])).get(second.id);
    await database.scheduling.write((change) => queued && assign(change, queued, false));
    expect(await whys()).toMatchObject([
      { code: 'siblings', message: 'waits for 1 more host; h2 is being verified' },
      { code: 'preparing', message: 'h2 is being verified' },
    ]);
  });

  test('is the jobs that have to end first, as they stand', async () => {
    const { database, job, submit, whys, first } = await startJob({ name: 'build' });
    const dependent = await submit({ after: [{ jobId: job.id, when: 'passed' }] });
    const reason: WaitReason = { code: 'dependency', message: `waits for job ${job.id} to end`, unblock: ['it ends'] };
    await database.scheduling.setWaits([{ key: 'd', reason, entryIds: dependent.entries.map(({ id }) => id) }]);
    await database.scheduling.write((change) => assign(change, first, true));
    expect((await whys(dependent.job.id))[1]).toMatchObject({
      ...reason,
      position: null,
      constraints: [{ needs: `job ${job.id} (build) passes; it is running, 0 of 2 hosts are through`, nearest: [] }],
      waitsFor: [{ when: 'passed', job: { name: 'build', state: 'running', outcome: null } }],
    });
  });

  test('is nothing once it runs or is over', async () => {
    const { database, job, first, second, whys } = await startJob();
    await database.scheduling.write((change) => launch(change, job, first));
    expect((await whys())[0]).toMatchObject({
      code: 'starting',
      message: 'its execution is being started',
      since: expect.any(String),
    });
    await running(database, first.id);
    await database.scheduling.write((change) => change.moveEntry(second, 'abort', { outcome: 'aborted' }));
    expect(await whys()).toEqual([null, null]);
  });
});

function launch(change: Change, job: JobRow, entry: EntryRow): void {
  const ready = assign(change, entry, true);
  const { id } = change.addExecution({ ...common, purpose: 'job', jobId: job.id });
  change.moveEntry(ready, 'launch', { executionId: id });
}

async function running(database: Database, entryId: number): Promise<void> {
  const entry = (await database.lookup.entries([entryId])).get(entryId);
  await database.scheduling.write((change) => entry && change.moveEntry(entry, 'started'));
}
