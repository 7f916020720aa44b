import { ManualClock } from '@autotest/core/testing';
import { expect, test } from 'vitest';
import { StartLimit } from '../../src/executors/start-limit.ts';

const never = new AbortController().signal;

/** Lets everything that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a second’s worth passes at once, then one each so often, in the order in which they came', async () => {
  const clock = new ManualClock();
  const limit = new StartLimit(2, clock);
  const passed: number[] = [];
  const all = [1, 2, 3, 4].map(async (n) => {
    await limit.pass(never);
    passed.push(n);
  });
  await settle();
  expect(passed).toEqual([1, 2]);
  clock.advance(499);
  await settle();
  expect(passed).toEqual([1, 2]);
  clock.advance(1);
  await settle();
  expect(passed).toEqual([1, 2, 3]);
  clock.advance(500);
  await Promise.all(all);
  expect(passed).toEqual([1, 2, 3, 4]);
});

test('a limit below one a second lets the first one pass at once', async () => {
  const clock = new ManualClock();
  const limit = new StartLimit(0.1, clock);
  await limit.pass(never);
  let isThrough = false;
  const second = limit.pass(never).then(() => (isThrough = true));
  await settle();
  clock.advance(9000);
  await settle();
  expect(isThrough).toBe(false);
  clock.advance(1000);
  await second;
  expect(isThrough).toBe(true);
});

test('one that is called off takes nothing from those behind it', async () => {
  const clock = new ManualClock();
  const limit = new StartLimit(1, clock);
  await limit.pass(never);
  const off = new AbortController();
  const called = limit.pass(off.signal);
  const behind = limit.pass(never);
  await settle();
  off.abort(new Error('called off'));
  await expect(called).rejects.toThrow('called off');
  await settle();
  clock.advance(1000);
  await behind;
});

test('no limit lets everything pass', async () => {
  const limit = new StartLimit(Infinity, new ManualClock());
  await Promise.all(Array.from({ length: 100 }, () => limit.pass(never)));
});
