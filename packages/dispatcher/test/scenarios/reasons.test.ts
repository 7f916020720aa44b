import { describe, expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';
import { any, now, on, Plan, reasons, together, type Sketch } from '../support/sketch.ts';

describe('an entry that is not placed is told why', () => {
  const cases: [title: string, sketch: Sketch, expected: Record<number, string>][] = [
    [
      'a running job, by its number',
      {
        hosts: [{ state: 'running' }],
        jobs: [{ entries: [{ state: 'running', hostId: 1 }] }, { entries: on(1) }],
      },
      { 200: 'hosts: h1 is running job 1' },
    ],
    [
      'a lock, with who and why',
      { hosts: [{ lockedBy: 'bob', lockReason: 'new disk' }], jobs: [{ entries: on(1) }] },
      { 100: 'hosts: h1 is locked by bob (new disk)' },
    ],
    [
      'quarantine',
      { hosts: [{ quarantineReason: 'smoke' }], jobs: [{ entries: any(1) }] },
      { 100: 'hosts: h1 is quarantined (smoke)' },
    ],
    [
      'draining',
      { hosts: [{ draining: true }], jobs: [{ entries: any(1) }] },
      { 100: 'hosts: h1 takes no new jobs (it is draining)' },
    ],
    [
      'a host set aside',
      { hosts: [{ state: 'repairFailed' }], jobs: [{ entries: any(1) }] },
      { 100: 'hosts: h1 is set aside because verifying and repairing it failed' },
    ],
    [
      'a special task, with the job it is for',
      {
        hosts: [{ state: 'verifying' }],
        jobs: [{ entries: [{ state: 'preparing', hostId: 1 }] }, { entries: any(1) }],
      },
      { 200: 'hosts: h1 is being verified for job 1' },
    ],
    [
      'labels that no host has, with the nearest hosts',
      {
        hosts: [{ labels: ['arch:x86', 'gpu'] }, { labels: ['arch:x86'] }],
        jobs: [{ needs: 'arch:arm64 & gpu', entries: any(1) }],
      },
      { 100: 'labels: needs arch:arm64 & gpu; nearest: h1 lacks arch:arm64; h2 lacks arch:arm64, gpu' },
    ],
    [
      'labels that the named host has not',
      { hosts: [{ labels: ['arch:x86'] }], jobs: [{ needs: 'arch:arm64', entries: on(1) }] },
      { 100: 'labels: needs arch:arm64; h1 lacks arch:arm64' },
    ],
    [
      'a group that its owner is not in',
      { hosts: [{}], jobs: [{ entries: on(1) }], groups: { 1: ['bob', 1] } },
      { 100: 'access: h1 belongs to a group of which the owner is no member' },
    ],
    [
      'a reservation',
      { hosts: [{ reservedBy: 'bob', reservedUntil: now + 1000 }], jobs: [{ entries: on(1) }] },
      { 100: 'access: h1 is reserved for bob until 1970-01-01T02:46:41.000Z' },
    ],
    [
      'many busy hosts',
      {
        hosts: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, draining: true, labels: ['x'] })),
        jobs: [{ needs: 'x', entries: any(1) }],
      },
      {
        100: 'hosts: needs x; a takes no new jobs (it is draining); b takes no new jobs (it is draining); c takes no new jobs (it is draining); 2 more are busy',
      },
    ],
    ['a fleet without hosts', { jobs: [{ entries: any(1) }] }, { 100: 'hosts: there are no hosts yet; add one' }],
    [
      'siblings that are missing',
      {
        hosts: [{}, { state: 'running' }],
        jobs: [{ entries: [{ state: 'running', hostId: 2 }] }, together(2, on(1, 2))],
      },
      {
        200: 'siblings: waits for 1 more host; h2 is running job 1',
        201: 'siblings: waits for 1 more host; h2 is running job 1',
      },
    ],
    [
      'a host that is kept for others',
      {
        hosts: [{}, { state: 'running' }],
        jobs: [{ entries: [{ state: 'running', hostId: 2 }] }, together(2, on(1, 2)), { entries: on(1), priority: 0 }],
      },
      {
        200: 'siblings: waits for 1 more host; h2 is running job 1',
        201: 'siblings: waits for 1 more host; h2 is running job 1',
        300: 'hosts: h1 is kept for job 2, which waits for more hosts',
      },
    ],
  ];
  test.each(cases)('%s', (_, sketch, expected) => expect(reasons(sketch)).toEqual(expected));

  test('a label expression that cannot be read, with the place', () => {
    const [message] = Object.values(reasons({ hosts: [{}], jobs: [{ needs: 'arch:x86 &', entries: any(1) }] }));
    expect(message).toMatch(/^labels: Label expression, character \d+: /);
  });

  test('for programs, with what is unmet, what would help, and when a host is expected', () => {
    const sketch: Sketch = {
      hosts: [{ state: 'running', labels: ['gpu'] }],
      jobs: [{ entries: [{ state: 'running', hostId: 1, executionId: 1 }] }, { entries: any(1), needs: 'gpu' }],
      executions: [{ jobId: 1, deadlineAt: now + 5000 }],
    };
    expect(new Plan(sketch).run().reasons[200]).toEqual({
      code: 'hosts',
      message: 'needs gpu; h1 is running job 1',
      constraints: [{ needs: 'gpu', count: 1, nearest: [{ host: 'h1', lacks: 'is running job 1' }] }],
      unblock: ['h1 is free'],
      expectedAt: now + 5000,
    });
  });
});

test('a reason is stored once for all that wait for the same, and changes with what they wait for', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const blocker = await lab.submit({ on: ['h1'], runVerify: false });
  const jobs = [await lab.submit({ any: 1, runVerify: false }), await lab.submit({ any: 2, runVerify: false })];
  expect((await lab.reason(jobs[0] ?? 0))?.message).toBe(`h1 is running job ${blocker}`);
  const waiting = (await Promise.all(jobs.map((id) => lab.entries(id)))).flat();
  expect(new Set(waiting.map(({ waitId }) => waitId)).size).toBe(1);
  await lab.pass(`job ${blocker} h1`);
  expect((await lab.reason(jobs[1] ?? 0))?.message).toBe(`h1 is running job ${jobs[0]}`);
  expect((await lab.entry(jobs[0] ?? 0)).waitId).toBeUndefined();
});

test('a reason does not change the version of what waits', async () => {
  const lab = await openLab();
  const job = await lab.submit({ any: 1 });
  const { version } = await lab.entry(job);
  expect((await lab.reason(job))?.message).toBe('there are no hosts yet; add one');
  expect((await lab.entry(job)).version).toBe(version);
});
