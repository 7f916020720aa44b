import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const hour = 3_600_000;

test('a clock that jumps back an hour stops nothing', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const running = await lab.submit({ on: ['h1'], runVerify: false, maxRuntimeMs: 2 * hour });
  const waiting = await lab.submit({ on: ['h1'], runVerify: false });
  expect(await lab.runs()).toEqual([`job ${running} h1`]);
  lab.clock.set(lab.clock.now() - hour);
  const later = await lab.submit({ on: ['h2'], runVerify: false });
  expect(await lab.runs()).toEqual([`job ${running} h1`, `job ${later} h2`]);
  await lab.pass(`job ${running} h1`);
  expect(await lab.runs()).toEqual([`job ${later} h2`, `job ${waiting} h1`]);
  // Heartbeats go on: nobody is dead for having a clock that was set.
  await lab.advance(60_000);
  for (const name of [`job ${later} h2`, `job ${waiting} h1`]) await lab.pass(name);
  expect((await lab.host('h1')).state).toBe('ready');
});

test('a lock that ends at a time ends at that time, however often the clock is set', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.changeHost('h1', { lockedBy: 'bob', lockedUntil: lab.clock.now() + 60_000 });
  await lab.submit({ on: ['h1'], runVerify: false });
  lab.clock.set(lab.clock.now() - hour);
  await lab.advance(30_000);
  expect(await lab.runs()).toEqual([]);
  lab.clock.set(lab.clock.now() + hour);
  await lab.advance(31_000);
  expect(await lab.runs()).toEqual(['job 1 h1']);
});

test('the job of an owner who is deleted while it waits runs all the same', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const carl = await lab.database.users.add({ login: 'carl', role: 'user' }, 'admin');
  const first = await lab.submit({ on: ['h1'], runVerify: false });
  const second = await lab.submit({ on: ['h1'], runVerify: false, owner: 'carl' });
  await lab.database.users.remove(carl.id, 'admin');
  await lab.pass(`job ${first} h1`);
  expect(await lab.runs()).toEqual([`job ${second} h1`]);
  await lab.pass(`job ${second} h1`);
  expect((await lab.database.jobs.byId(second))?.outcome).toBe('passed');
});
