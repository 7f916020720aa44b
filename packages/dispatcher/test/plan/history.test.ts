import { Change, type Database, type DurationRow, type ExecutionRow, type NewJob } from '@autotest/core/db';
import { makeTestDatabase, newJob } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectedEndAt } from '../../src/plan/expected-end.ts';
import { Planner } from '../../src/plan/planner.ts';
import { World } from '../../src/world/world.ts';

const minute = 60_000;
const now = Math.ceil(Date.now() / 1000) * 1000;

/** A database with two hosts and a dispatcher. */
async function openLab() {
  const database = await makeTestDatabase();
  onTestFinished(() => database.close());
  await database.bundles.put({ hash: 'sha256:x', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 2 });
  const reach = { transport: 'local', address: 'localhost', port: 0, user: 'u' } as const;
  const h1 = await database.hosts.add({ ...reach, name: 'h1' }, 'anna');
  await database.hosts.add({ ...reach, name: 'h2' }, 'anna');
  await database.scheduling.register({ id: 'd1', machine: 'm', pid: 1, startedAt: 1, maxExecutions: 9, pools: [] });
  return { database, h1 };
}

async function submit(database: Database, more: Partial<NewJob>) {
  return database.jobs.submit(newJob({ bundleHash: 'sha256:x', ...more }));
}

/** Has a job of this name on a host since ten minutes. */
async function occupy(database: Database, name: string, hostId: number, deadlineAt?: number): Promise<void> {
  const { job, entries } = await submit(database, { name, hostIds: [hostId] });
  const ids = { next: await database.scheduling.reserveIds('executions', 1) };
  const change = new Change(now - 10 * minute, { next: () => ids.next });
  for (const entry of entries) {
    const common: Pick<ExecutionRow, 'attempt' | 'epoch' | 'tag' | 'resultsDir' | 'socketPath' | 'dispatcherId'> = {
      attempt: 1,
      epoch: 1,
      tag: 't',
      resultsDir: '/tmp/t',
      socketPath: '/tmp/s',
      dispatcherId: 'd1',
    };
    const execution = change.addExecution({
      ...common,
      purpose: 'job',
      jobId: job.id,
      ...(deadlineAt && { deadlineAt }),
    });
    change.moveExecution(execution, 'start');
    change.takeLease(undefined, hostId, { kind: 'entry', id: entry.id }, 'd1');
    const ready = change.moveEntry(change.moveEntry(entry, 'assign'), 'host_ready');
    change.moveEntry(ready, 'launch', { executionId: execution.id });
  }
  expect((await database.scheduling.commit([change])).committed).toEqual([true]);
}

async function worldOf(database: Database, durations: readonly DurationRow[]): Promise<World> {
  const world = new World();
  world.take(await database.scheduling.load());
  world.takeRules(await database.scheduling.rules());
  world.takeDurations(durations);
  return world;
}

function history(name: string, meanMs: number, deviationMs: number, runs = 5): DurationRow {
  return { name, runs, meanMs, varianceMs2: deviationMs ** 2, changedAt: 1 };
}

describe('the end of what keeps a host', () => {
  const deadline = now + 60 * minute;
  const cases: [title: string, known: DurationRow[], deadlineAt: number | undefined, expected: number | undefined][] = [
    ['nearly always took so long', [history('build', 12 * minute, minute)], deadline, now + 4 * minute],
    ['never ran before', [], deadline, deadline],
    ['has another name', [history('Build', 12 * minute, minute)], deadline, deadline],
    ['would take longer than it may', [history('build', 90 * minute, 0)], deadline, deadline],
    ['takes longer than ever', [history('build', 3 * minute, minute)], deadline, deadline],
    ['takes longer than ever and may', [history('build', 3 * minute, minute)], undefined, undefined],
    ['may take as long as it wants', [history('build', 12 * minute, 0)], undefined, now + 2 * minute],
  ];
  it.each(cases)('is expected for a job that %s', async (_, known, deadlineAt, expected) => {
    const { database, h1 } = await openLab();
    await occupy(database, 'build', h1.id, deadlineAt);
    const world = await worldOf(database, known);
    expect(expectedEndAt(world, h1.id, now)).toBe(expected);
    expect(expectedEndAt(world, h1.id + 1, now), 'nobody holds it').toBeUndefined();
  });
});

function failed(key: string, error: unknown): never {
  throw new Error(`${key} could not be planned`, { cause: error });
}

describe('a planner that knows how long jobs run', () => {
  const planner = (world: World) =>
    new Planner(world, { isAlive: () => true, isPaused: () => false, onFailed: failed, holdMs: minute });
  const ids = { next: () => 1 };

  it('says when a busy host is expected', async () => {
    const { database, h1 } = await openLab();
    await occupy(database, 'build', h1.id, now + 60 * minute);
    await submit(database, { hostIds: [h1.id] });
    const plan = planner(await worldOf(database, [history('build', 12 * minute, 0)]));
    plan.turn(now, ids);
    expect(plan.waits(now)).toMatchObject([{ reason: { code: 'hosts', expectedAt: now + 2 * minute } }]);
  });

  it.each([
    [5, minute, true],
    [4, minute, false],
    [5, 30 * minute, false],
  ])('lends a host that is kept for a group to a job of %i runs of %i ms: %s', async (runs, meanMs, isLent) => {
    const { database, h1 } = await openLab();
    await occupy(database, 'build', h1.id, now + 20 * minute);
    const metadata = { name: 'j', author: 'a', doc: 'd', type: 'server' } as const;
    await submit(database, { name: 'pair', metadata, syncCount: 2, anyHosts: 2, priority: 20 });
    const { entries } = await submit(database, { name: 'quick', anyHosts: 1 });
    const plan = planner(await worldOf(database, [history('quick', meanMs, 0, runs)]));
    const given = plan.turn(now, ids).flatMap(({ change }) => [...change.entries.keys()]);
    expect(given).toEqual(isLent ? entries.map(({ id }) => id) : []);
  });
});
