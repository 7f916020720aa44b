import { expect, test } from 'vitest';
import { Timers } from '../../src/world/timers.ts';

test('a thing is looked at at each of its moments, in their order', () => {
  const timers = new Timers();
  timers.set('jobs', 1, 50);
  timers.set('jobs', 1, 30);
  timers.set('hosts', 1, 40);
  timers.set('jobs', 1, 90);
  timers.set('jobs', 1, Infinity);
  expect(timers.nextAt).toBe(30);
  expect([...timers.due(40)]).toMatchObject([
    { kind: 'jobs', at: 30 },
    { kind: 'hosts', at: 40 },
  ]);
  expect([...timers.due(90)]).toMatchObject([{ at: 50 }, { at: 90 }]);
  expect(timers.nextAt).toBe(Infinity);
});

test('a moment that is named twice is one', () => {
  const timers = new Timers();
  timers.set('jobs', 1, 50);
  timers.set('jobs', 1, 50);
  expect([...timers.due(50)]).toHaveLength(1);
});
