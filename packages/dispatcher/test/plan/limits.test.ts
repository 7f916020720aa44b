import { plan } from '@autotest/dispatcher';
import { describe, expect, it } from 'vitest';
import { limits, now, snapshotOf, type WorldSketch } from './snapshot.ts';

function planned(world: WorldSketch, changed: Partial<typeof limits> = {}) {
  return plan(snapshotOf(world), { ...limits, ...changed });
}

const ready = (hostId: number) => ({ state: 'ready' as const, hostId });

describe('entries that end before they run', () => {
  it('aborted ones, with who and why, whatever they wait for', () => {
    const abortRequested = true;
    const entries = [
      { abortRequested },
      { abortRequested, state: 'preparing' as const, hostId: 1 },
      { abortRequested, ...ready(2) },
    ];
    const { endings, assignments, waiting } = planned({
      hosts: [{}, {}, {}],
      jobs: [{ abortedBy: 'anna', abortReason: 'oops', entries }],
    });
    expect(endings.map(({ entry, move, outcome }) => [entry.id, move, outcome])).toEqual([
      [100, 'abort', 'aborted'],
      [101, 'abort', 'aborted'],
      [102, 'abort', 'aborted'],
    ]);
    expect(endings[0]?.cause).toEqual({ code: 'AT_ABORTED', message: 'anna aborted the job: oops' });
    expect(assignments).toEqual([]);
    expect(waiting).toEqual([]);
  });

  it('those whose job is over its time', () => {
    const { endings } = planned({
      jobs: [{ createdAt: now - 60_000, timeoutMs: 60_000, entries: [{}, { state: 'running', executionId: 1 }] }],
    });
    expect(endings).toMatchObject([
      { entry: { id: 100 }, move: 'give_up', outcome: 'timedOut', cause: { code: 'AT_TIMED_OUT' } },
    ]);
    expect(endings[0]?.cause.message).toBe('the job was not finished 1 min after its submission');
  });

  it('those for whose group too few siblings are left', () => {
    const { endings, assignments } = planned({
      hosts: [{}],
      jobs: [{ controlType: 'server', syncCount: 3, entries: [{}, { state: 'ready', hostId: 1 }] }],
    });
    expect(endings.map(({ entry, outcome }) => [entry.id, outcome])).toEqual([
      [100, 'stopped'],
      [101, 'stopped'],
    ]);
    expect(endings[0]?.cause.message).toBe('3 hosts start together, and only 2 are left of this job');
    expect(assignments).toEqual([]);
  });
});

describe('executions that have to stop', () => {
  it('those of aborted jobs, once all their entries are', () => {
    const running = { state: 'running' as const, executionId: 1 };
    const unwanted = { ...running, abortRequested: true };
    const job = { abortedBy: 'anna', abortReason: 'oops' };
    const executions = [{ jobId: 1 }];
    expect(planned({ jobs: [{ ...job, entries: [unwanted, running] }], executions }).interrupts).toEqual([]);
    expect(planned({ jobs: [{ ...job, entries: [unwanted, unwanted] }], executions }).interrupts).toMatchObject([
      { execution: { id: 1 }, by: 'anna', reason: 'oops', timedOut: false },
    ]);
  });

  it('those over their time, but none that has ended', () => {
    const { interrupts } = planned({
      jobs: [{ createdAt: now, timeoutMs: 99_000, maxRuntimeMs: 90_000, entries: [] }],
      executions: [
        { jobId: 1, deadlineAt: now },
        { jobId: 1, deadlineAt: now + 1 },
        { deadlineAt: now - 1, state: 'ended' },
        { purpose: 'verify', taskId: 9, deadlineAt: now },
      ],
    });
    expect(interrupts.map(({ execution, reason, timedOut }) => [execution.id, reason, timedOut])).toEqual([
      [1, 'it ran longer than 1 min 30 s', true],
      [4, 'the time for the verify is over', true],
    ]);
  });

  it('tasks whose entry is gone, but not those that no entry asked for', () => {
    const { interrupts } = planned({
      tasks: [
        { state: 'running', entryId: 999, executionId: 1 },
        { state: 'running', executionId: 2 },
      ],
      executions: [
        { purpose: 'verify', taskId: 1 },
        { purpose: 'verify', taskId: 2 },
      ],
    });
    expect(interrupts.map(({ execution }) => execution.id)).toEqual([1]);
  });
});

describe('what starts', () => {
  it('each ready entry of a client job by itself', () => {
    const { starts } = planned({ hosts: [{}, {}], jobs: [{ entries: [ready(1), ready(2)] }] });
    expect(starts.map((group) => group.map(({ id }) => id))).toEqual([[100], [101]]);
  });

  it('ready entries of a server job in groups', () => {
    const job = {
      controlType: 'server' as const,
      syncCount: 2,
      entries: [ready(1), ready(2), ready(3), ready(4), ready(5)],
    };
    const { starts, waiting } = planned({ hosts: [{}, {}, {}, {}, {}], jobs: [job] });
    expect(starts.map((group) => group.map(({ id }) => id))).toEqual([
      [100, 101],
      [102, 103],
    ]);
    expect(waiting.map(({ entryId }) => entryId)).toEqual([104]);
  });

  it('jobs without hosts, at once', () => {
    const { starts } = planned({ jobs: [{ controlType: 'server', entries: [{ hostless: true }] }] });
    expect(starts.map((group) => group.map(({ id }) => id))).toEqual([[100]]);
  });

  it('no more than there are places, the highest priority first, jobs before tasks', () => {
    const world: WorldSketch = {
      hosts: [{}, {}, {}],
      jobs: [{ entries: [ready(1)] }, { priority: 30, entries: [ready(2)] }],
      tasks: [{ hostId: 3 }],
      executions: [{}, { state: 'ended' }, { dispatcherId: 'other' }],
    };
    const first = planned(world, { maxExecutions: 2 });
    expect([first.starts.map(([entry]) => entry?.id), first.taskStarts.length]).toEqual([[200], 0]);
    const all = planned(world, { maxExecutions: 4 });
    expect([all.starts.map(([entry]) => entry?.id), all.taskStarts.length]).toEqual([[200, 100], 1]);
  });

  it('tasks of hosts that this dispatcher holds for them, or that nobody holds', () => {
    const entry = { state: 'preparing' as const, hostId: 1 };
    const { taskStarts } = planned(
      {
        hosts: [{}, {}, {}, {}, {}, {}],
        jobs: [{ entries: [entry] }],
        tasks: [
          { hostId: 1, entryId: 100 },
          { hostId: 2, entryId: 100 },
          { hostId: 3 },
          { hostId: 4 },
          { hostId: 5 },
          { hostId: 6 },
        ],
        leases: {
          1: { holder: { kind: 'entry', id: 100 } },
          2: { holder: { kind: 'entry', id: 500 } },
          4: { holder: { kind: 'task', id: 4 }, dispatcherId: 'other' },
          5: { holder: { kind: 'task', id: 5 } },
          6: { holder: { kind: 'task', id: 6 }, dispatcherId: 'dead' },
        },
      },
      { inherited: new Set(['dead']) },
    );
    expect(taskStarts.map(({ id }) => id)).toEqual([1, 3, 5, 6]);
  });

  it('a verify of each host set aside whose time has come', () => {
    const aside = { state: 'repairFailed' as const, reverifyAt: now };
    const { newTasks } = planned({
      hosts: [
        aside,
        { ...aside, reverifyAt: now + 1 },
        { ...aside, lockedBy: 'bob' },
        aside,
        { state: 'repairFailed' },
      ],
      tasks: [{ hostId: 4 }],
    });
    expect(newTasks).toEqual([{ hostId: 1, kind: 'verify' }]);
  });
});
