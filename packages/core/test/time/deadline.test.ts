import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/time/clock.ts';
import { Deadline } from '../../src/time/deadline.ts';
import { ManualClock } from '../../src/time/manual-clock.ts';
import { sleep } from '../../src/time/sleep.ts';

describe('A deadline', () => {
  test('fires its signal when its time is over, and not before.', () => {
    const clock = new ManualClock();
    const deadline = new Deadline('10 s', { clock, what: 'the job' });
    clock.advance(9_999);
    expect([deadline.remainingMs, deadline.expired, deadline.signal.aborted]).toEqual([1, false, false]);
    clock.advance(1);
    expect([deadline.remainingMs, deadline.expired, deadline.signal.aborted]).toEqual([0, true, true]);
    expect(deadline.signal.reason).toMatchObject({
      code: 'AT_DEADLINE',
      message: 'The time for the job (10 s) is over.',
    });
    expect(() => deadline.throwIfOver()).toThrow('The time for the job');
    expect(clock.pendingTimers).toBe(0);
  });

  test('never fires after it was disposed, however often.', () => {
    const clock = new ManualClock();
    const outer = new AbortController();
    const deadline = new Deadline(10, { clock, signal: outer.signal });
    deadline.dispose();
    deadline.dispose();
    clock.advance(100);
    outer.abort();
    expect(deadline.signal.aborted).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('ends with the reason of an outer signal, also one that fired before.', () => {
    const clock = new ManualClock();
    const outer = new AbortController();
    const before = new Deadline(10, { clock, signal: outer.signal });
    outer.abort('stop');
    const after = new Deadline(10, { clock, signal: outer.signal });
    expect([before.signal.reason, after.signal.reason]).toEqual(['stop', 'stop']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('gives parts no more time than it has itself.', () => {
    const clock = new ManualClock();
    const deadline = new Deadline(100, { clock, what: 'the job' });
    clock.advance(40);
    const short = deadline.child(10, 'the step');
    const long = deadline.child(1000, 'the step');
    expect([short.remainingMs, long.remainingMs]).toEqual([10, 60]);
    clock.advance(60);
    expect(short.signal.reason).toMatchObject({ message: 'The time for the step (10 ms) is over.' });
    expect(long.signal.reason).toMatchObject({ message: expect.stringContaining('the job') });
    expect(clock.pendingTimers).toBe(0);
  });

  test('without limit lasts for ever.', () => {
    const clock = new ManualClock();
    const deadline = new Deadline(Infinity, { clock });
    clock.advance(1e15);
    expect([deadline.expired, deadline.remainingMs]).toEqual([false, Infinity]);
    deadline.dispose();
  });
});

describe('Sleeping', () => {
  test('ends when the time is over.', async () => {
    const clock = new ManualClock();
    const slept = sleep('1 minute', { clock });
    clock.advance(60_000);
    await expect(slept).resolves.toBeUndefined();
  });

  test('ends at once with the reason of a signal, and leaves no timer.', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const slept = sleep('1 minute', { clock, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(sleep(1, { clock, signal: controller.signal })).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('The clock of the machine', () => {
  test('calls once, unless called off.', async () => {
    let calls = 0;
    systemClock.setTimeout(() => calls++, 1)();
    await sleep(5);
    expect(calls).toBe(0);
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(resolve, 1);
    });
  });

  test('does not fire at once for a span longer than its timers hold.', async () => {
    let fired = false;
    const cancel = systemClock.setTimeout(() => (fired = true), 2 ** 32);
    await sleep(20);
    cancel();
    expect(fired).toBe(false);
  });
});
