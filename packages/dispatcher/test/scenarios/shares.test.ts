import { describe, expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';
import { any, on, placed, Plan, reasons, together, type Sketch } from '../support/sketch.ts';

const hosts = (count: number) => Array.from({ length: count }, () => ({}));

/** How many hosts each owner got. */
function shares(sketch: Sketch): Record<string, number> {
  const { world } = new Plan(sketch).run();
  const counts: Record<string, number> = {};
  for (const { state, jobId } of world.entries.values()) {
    const owner = world.jobs.get(jobId)?.account ?? '-';
    if (state !== 'queued') counts[owner] = (counts[owner] ?? 0) + 1;
  }
  return counts;
}

describe('hosts are shared', () => {
  test('equally at first, whoever came first', () => {
    const jobs = [
      { owner: 'anna', entries: any(8) },
      { owner: 'bob', entries: any(8) },
    ];
    expect(shares({ hosts: hosts(6), jobs })).toEqual({ anna: 3, bob: 3 });
  });

  test('by weight', () => {
    const jobs = [
      { owner: 'anna', entries: any(8) },
      { owner: 'bob', entries: any(8) },
    ];
    expect(shares({ hosts: hosts(6), jobs, accounts: [{ name: 'bob', weight: 2 }] })).toEqual({ anna: 2, bob: 4 });
  });

  test('by team, not by member', () => {
    const jobs = [
      { owner: 'anna', account: 'kernel', entries: any(8) },
      { owner: 'bob', account: 'kernel', entries: any(8) },
      { owner: 'carl', account: 'net', entries: any(8) },
    ];
    expect(shares({ hosts: hosts(6), jobs })).toEqual({ kernel: 3, net: 3 });
  });

  test('counting what everybody holds already', () => {
    const jobs = [
      {
        owner: 'anna',
        entries: [{ state: 'running' as const, hostId: 1 }, { state: 'ready' as const, hostId: 2 }, ...any(4)],
      },
      { owner: 'bob', entries: any(4) },
    ];
    const lab = [{ state: 'running' as const }, { state: 'reserved' as const }, {}, {}];
    expect(shares({ hosts: lab, jobs })).toEqual({ anna: 2, bob: 2 });
  });

  test('without keeping what nobody else wants', () => {
    const jobs = [
      { owner: 'anna', entries: any(8) },
      { owner: 'bob', entries: any(1) },
    ];
    expect(shares({ hosts: hosts(6), jobs })).toEqual({ anna: 5, bob: 1 });
  });

  test('after priority', () => {
    const jobs = [
      { owner: 'anna', entries: any(4), priority: 20 },
      { owner: 'bob', entries: any(4) },
    ];
    expect(shares({ hosts: hosts(3), jobs })).toEqual({ anna: 3 });
  });

  test('up to a limit, also where hosts stay free', () => {
    const jobs = [{ owner: 'anna', entries: any(8) }];
    const sketch = { hosts: hosts(6), jobs, accounts: [{ name: 'anna', weight: 1, maxHosts: 2 }] };
    expect(shares(sketch)).toEqual({ anna: 2 });
    expect(reasons(sketch)[105]).toBe('share: anna holds 2 hosts, as many as it may');
  });

  test('so that a limit of one keeps nobody else from the same hosts', () => {
    const jobs = [
      { owner: 'anna', entries: any(3), priority: 20 },
      { owner: 'bob', entries: any(3) },
    ];
    const accounts = [{ name: 'anna', weight: 1, maxHosts: 1 }];
    expect(shares({ hosts: hosts(3), jobs, accounts })).toEqual({ anna: 1, bob: 2 });
  });
});

test('jobs without hosts count to no share', () => {
  const jobs = [
    { owner: 'anna', entries: [{ hostless: true }] },
    { owner: 'anna', entries: on(1) },
  ];
  expect(placed({ hosts: hosts(1), jobs, accounts: [{ name: 'anna', weight: 1, maxHosts: 1 }] })).toEqual({
    100: '-',
    200: 'h1',
  });
});

test('a group that is larger than what its account may hold says so', () => {
  const accounts = [{ name: 'anna', weight: 1, maxHosts: 1 }];
  expect(reasons({ hosts: hosts(2), jobs: [together(2, any(2))], accounts })[100]).toBe(
    'share: anna holds 0 hosts and may hold 1, and 2 start together',
  );
});

test('an account that reached its limit goes on when a job of it ends', async () => {
  const lab = await openLab({ hosts: ['h1 a', 'h2 b', 'h3 c', 'h4 c'] });
  await lab.database.accounts.set({ name: 'anna', weight: 1, maxHosts: 2 }, 'bob');
  const first = await lab.submit({ any: 1, needs: 'a', runVerify: false });
  const group = await lab.submit({ any: 2, needs: 'c', together: 2, runVerify: false });
  expect(await lab.reason(group)).toMatchObject({
    code: 'share',
    message: 'anna holds 1 host and may hold 2, and 2 start together',
  });
  await lab.pass(`job ${first} h1`);
  const second = await lab.submit({ any: 1, needs: 'b', runVerify: false });
  expect([await lab.state(group), await lab.state(second)]).toEqual(['running h3, running h4', 'queued']);
  expect(await lab.reason(second)).toEqual({
    code: 'share',
    message: 'anna holds 2 hosts, as many as it may',
    unblock: ['a job of anna ends', 'autotest account set anna --max-hosts 3'],
  });
  await lab.pass(`job ${group} h3+h4`);
  expect(await lab.state(second)).toBe('running h2');
});

test('a limit that is raised lets an account go on at once', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  await lab.database.accounts.set({ name: 'anna', weight: 1, maxHosts: 1 }, 'bob');
  const job = await lab.submit({ any: 2, runVerify: false });
  expect(await lab.state(job)).toBe('running h1, queued');
  await lab.database.accounts.set({ name: 'anna', weight: 1, maxHosts: 2 }, 'bob');
  await lab.settle();
  expect(await lab.state(job)).toBe('running h1, running h2');
});
