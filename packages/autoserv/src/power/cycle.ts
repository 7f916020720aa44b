import { sleep, type PowerCall, type PowerDriver } from '@autotest/core';

/** Between off and on: capacitors of power supplies hold a board up for a while. */
const offMs = 2000;
const pollMs = 500;

/** Off, until it is off; a pause; on. Where the device does not know its state, the pause alone must do. */
export async function cycleByHand(
  driver: Pick<PowerDriver, 'on' | 'off' | 'status'>,
  { timeoutMs, signal }: PowerCall,
  error: (why: string) => Error,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  const left = (): PowerCall => ({ timeoutMs: Math.max(1, endsAt - performance.now()), ...(signal && { signal }) });
  await driver.off(left());
  while ((await driver.status(left())) === 'on') {
    if (performance.now() + pollMs >= endsAt) throw error('it did not go off in time');
    await sleep(pollMs, { ...(signal && { signal }) });
  }
  await sleep(Math.min(offMs, left().timeoutMs), { ...(signal && { signal }) });
  await driver.on(left());
}
