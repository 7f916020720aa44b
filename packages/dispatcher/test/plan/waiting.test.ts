import { plan } from '@autotest/dispatcher';
import { describe, expect, it } from 'vitest';
import { limits, now, snapshotOf, type WorldSketch } from './snapshot.ts';

function reasons(world: WorldSketch, changed: Partial<typeof limits> = {}): Record<number, string> {
  const { waiting } = plan(snapshotOf(world), { ...limits, ...changed });
  return Object.fromEntries(waiting.map(({ entryId, code, message }) => [entryId, `${code}: ${message}`]));
}

const held = (id: number) => ({ holder: { kind: 'entry' as const, id } });

describe('an entry that is not placed is told why', () => {
  const cases: [title: string, world: WorldSketch, expected: Record<number, string>][] = [
    [
      'a running job, by its number',
      {
        hosts: [{ state: 'running' }],
        jobs: [{ entries: [{ state: 'running', hostId: 1 }] }, { entries: [{ hostId: 1 }] }],
        leases: { 1: held(100) },
      },
      { 200: 'hosts: h1 is running job 1' },
    ],
    [
      'a lock, with who and why',
      { hosts: [{ lockedBy: 'bob', lockReason: 'new disk' }], jobs: [{ entries: [{ hostId: 1 }] }] },
      { 100: 'hosts: h1 is locked by bob (new disk)' },
    ],
    [
      'quarantine',
      { hosts: [{ quarantineReason: 'smoke' }], jobs: [{ entries: [{}] }] },
      { 100: 'hosts: h1 is quarantined (smoke)' },
    ],
    [
      'draining',
      { hosts: [{ draining: true }], jobs: [{ entries: [{}] }] },
      { 100: 'hosts: h1 takes no new jobs (it is draining)' },
    ],
    [
      'a host set aside',
      { hosts: [{ state: 'repairFailed' }], jobs: [{ entries: [{}] }] },
      { 100: 'hosts: h1 is set aside because verifying and repairing it failed' },
    ],
    [
      'a special task, with the job it is for',
      {
        hosts: [{ state: 'verifying' }],
        jobs: [{ entries: [{ state: 'preparing', hostId: 1 }] }, { entries: [{}] }],
        leases: { 1: held(100) },
      },
      { 100: 'preparing: h1 is being verified', 200: 'hosts: h1 is being verified for job 1' },
    ],
    [
      'another job that goes first',
      { hosts: [{}], jobs: [{ entries: [{}] }, { entries: [{}] }] },
      { 200: 'hosts: h1 goes to job 1 first' },
    ],
    [
      'labels that no host has, with the nearest hosts',
      {
        hosts: [{ labels: ['arch:x86', 'gpu'] }, { labels: ['arch:x86'] }],
        jobs: [{ needs: 'arch:arm64 & gpu', entries: [{}] }],
      },
      { 100: 'labels: needs arch:arm64 & gpu; nearest: h1 lacks arch:arm64; h2 lacks arch:arm64, gpu' },
    ],
    [
      'labels that the named host has not',
      { hosts: [{ labels: ['arch:x86'] }], jobs: [{ needs: 'arch:arm64', entries: [{ hostId: 1 }] }] },
      { 100: 'labels: needs arch:arm64; h1 lacks arch:arm64' },
    ],
    [
      'many busy hosts, the first by name',
      {
        hosts: ['e', 'd', 'c', 'b', 'a'].map((name) => ({ name, draining: true, labels: ['x'] })),
        jobs: [{ needs: 'x', entries: [{}] }],
      },
      {
        100: 'hosts: needs x; a takes no new jobs (it is draining); b takes no new jobs (it is draining); c takes no new jobs (it is draining); 2 more are busy',
      },
    ],
    ['a fleet without hosts', { jobs: [{ entries: [{}] }] }, { 100: 'hosts: there are no hosts yet; add one' }],
    [
      'siblings that are missing',
      {
        hosts: [{ state: 'reserved' }, { state: 'running' }],
        jobs: [
          { entries: [{ state: 'running', hostId: 2 }] },
          { controlType: 'server', syncCount: 2, entries: [{ state: 'ready', hostId: 1 }, { hostId: 2 }] },
        ],
        leases: { 1: held(200), 2: held(100) },
      },
      { 200: 'siblings: waits for 1 more host', 201: 'siblings: waits for 1 more host; h2 is running job 1' },
    ],
  ];
  it.each(cases)('%s', (_, world, expected) => expect(reasons(world)).toEqual(expected));

  it('a label expression that cannot be read, with the place', () => {
    const [message] = Object.values(reasons({ hosts: [{}], jobs: [{ needs: 'arch:x86 &', entries: [{}] }] }));
    expect(message).toMatch(/^labels: Label expression, character \d+: /);
  });

  it('as many executions as may run', () => {
    const world: WorldSketch = {
      hosts: [{ state: 'reserved' }],
      jobs: [{ entries: [{ state: 'ready', hostId: 1 }] }],
      leases: { 1: held(100) },
      executions: [{}],
    };
    expect(reasons(world, { maxExecutions: 1 })).toEqual({
      100: 'capacity: 1 executions run already, as many as this dispatcher may start',
    });
  });

  it('a shortage of the machine, which starts nothing meanwhile', () => {
    const world: WorldSketch = {
      hosts: [{ state: 'reserved' }],
      jobs: [{ entries: [{ state: 'ready', hostId: 1 }] }],
      leases: { 1: held(100) },
    };
    expect(plan(snapshotOf(world), { ...limits, shortage: 'the disk is full' }).starts).toEqual([]);
    expect(reasons(world, { shortage: 'the disk is full' })).toEqual({ 100: 'capacity: the disk is full' });
  });

  it('only where the reason has changed', () => {
    const waiting = { code: 'hosts', message: 'h1 is quarantined (smoke)' };
    const hosts = [{ quarantineReason: 'smoke' }];
    const stale = { ...waiting, message: 'old' };
    expect(reasons({ hosts, jobs: [{ entries: [{ waiting }] }] })).toEqual({});
    expect(reasons({ hosts, jobs: [{ entries: [{ waiting: stale }] }] })).toEqual({ 100: `hosts: ${waiting.message}` });
  });
});

describe('the plan says when to look again', () => {
  const cases: [title: string, world: WorldSketch, wakeAt: number][] = [
    ['never, where nothing ends by itself', { hosts: [{}] }, Infinity],
    ['when a lock ends', { hosts: [{ lockedBy: 'bob', lockedUntil: now + 5000 }] }, now + 5000],
    [
      'when a host set aside is to be verified',
      { hosts: [{ state: 'repairFailed', reverifyAt: now + 7000 }] },
      now + 7000,
    ],
    ['when a job times out', { jobs: [{ createdAt: now - 1000, timeoutMs: 4000, entries: [{}] }] }, now + 3000],
    ['when an execution has to end', { executions: [{ deadlineAt: now + 2000 }] }, now + 2000],
    ['when a lease on a free host ends', { hosts: [{}], leases: { 1: { expiresAt: now + 100 } } }, now + 100],
    [
      'at the first of them',
      { hosts: [{ lockedBy: 'b', lockedUntil: now + 9 }], executions: [{ deadlineAt: now + 5 }] },
      now + 5,
    ],
  ];
  it.each(cases)('%s', (_, world, wakeAt) => expect(plan(snapshotOf(world), limits).wakeAt).toBe(wakeAt));
});
