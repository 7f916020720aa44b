import { expect, test } from 'vitest';
import { FakePower } from '@autotest/core/testing';
import { cycleByHand } from '../../src/power/cycle.ts';
import { DeviceError } from '../../src/power/power-device.ts';
import { withinCall } from '../../src/power/within-call.ts';

const about = { host: 'h1', where: 'fake:', what: 'on' };

/** Counts calls, and fails as long as there are errors. */
function failing(...errors: Error[]): { calls: number; once: () => Promise<string> } {
  const self = {
    calls: 0,
    once: async () => {
      self.calls += 1;
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    },
  };
  return self;
}

test('a device that is busy is asked again, one that refuses is not', async () => {
  const busy = failing(new DeviceError('transient', 'busy'));
  expect(await withinCall(about, { timeoutMs: 60_000 }, busy.once)).toBe('done');
  expect(busy.calls).toBe(2);
  for (const [error, code] of [
    [new DeviceError('refused', 'no'), 'AT_HOST_POWER'],
    [new DeviceError('auth', 'who'), 'AT_HOST_POWER_AUTH'],
    [new Error('a fault of ours'), 'AT_HOST_POWER'],
  ] as const) {
    const device = failing(error);
    await expect(withinCall(about, { timeoutMs: 60_000 }, device.once)).rejects.toMatchObject({ code });
    expect(device.calls).toBe(1);
  }
});

test('an abort is told as it is, also between two tries', async () => {
  const abort = new AbortController();
  const device = failing(new DeviceError('transient', 'busy'), new DeviceError('transient', 'busy'));
  const call = withinCall(about, { timeoutMs: 60_000, signal: abort.signal }, device.once);
  abort.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});

test('a cycle by hand waits until it is off, and gives up in its time', async () => {
  const power = new FakePower('on');
  await cycleByHand(power, { timeoutMs: 60_000 }, (why) => new Error(why));
  expect(power.told).toEqual(['off', 'on']);
  const stuck = {
    on: (call: { timeoutMs: number }) => power.on(call),
    off: async () => {},
    status: async () => 'on' as const,
  };
  await expect(cycleByHand(stuck, { timeoutMs: 600 }, (why) => new Error(why))).rejects.toThrow(/did not go off/);
  expect(power.told).toEqual(['off', 'on']);
});
