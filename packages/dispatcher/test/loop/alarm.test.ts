import { ManualClock } from '@autotest/core/testing';
import { expect, it } from 'vitest';
import { Alarm } from '../../src/loop/alarm.ts';
import { BackOff } from '../../src/loop/back-off.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('wakes during the work are joined into one more run', async () => {
  const clock = new ManualClock();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let runs = 0;
  const alarm = new Alarm(clock, async () => {
    await gates[runs++]?.promise;
    return 1000;
  });
  alarm.wake();
  alarm.wake();
  alarm.wake();
  expect(runs).toBe(1);
  gates[0]?.resolve();
  await settled();
  expect(runs).toBe(2);
  gates[1]?.resolve();
  await alarm.stop();
  expect(runs).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});

it('the work runs again when its time comes, and never after the stop', async () => {
  const clock = new ManualClock();
  let runs = 0;
  const alarm = new Alarm(clock, async () => {
    runs += 1;
    return 1000;
  });
  alarm.wake();
  await settled();
  clock.advance(999);
  await settled();
  expect(runs).toBe(1);
  clock.advance(1);
  await settled();
  expect(runs).toBe(2);
  await alarm.stop();
  alarm.wake();
  clock.advance(5000);
  await settled();
  expect(runs).toBe(2);
});

it('what fails again and again is left alone for longer and longer, and success forgives', () => {
  const clock = new ManualClock();
  const backOff = new BackOff(clock);
  const pauses: number[] = [];
  for (let n = 0; n < 12; n++) {
    backOff.failed('entry:1');
    pauses.push(backOff.nextEndMs());
    expect([backOff.isPaused('entry:1'), backOff.resumed()]).toEqual([true, []]);
    clock.advance(pauses.at(-1) ?? 0);
    expect(backOff.isPaused('entry:1')).toBe(false);
    expect([backOff.resumed(), backOff.resumed()]).toEqual([['entry:1'], []]);
  }
  expect(pauses.slice(0, 3)).toEqual([250, 500, 1000]);
  expect(pauses.at(-1)).toBe(60_000);
  backOff.succeeded('entry:1');
  backOff.failed('entry:1');
  expect(backOff.nextEndMs()).toBe(250);
});

it('a clock that is set back does not keep out of the way what was let go on', () => {
  const clock = new ManualClock();
  const backOff = new BackOff(clock);
  backOff.failed('execution:1');
  clock.advance(250);
  expect(backOff.resumed()).toEqual(['execution:1']);
  clock.set(clock.now() - 3_600_000);
  expect(backOff.isPaused('execution:1')).toBe(false);
});
