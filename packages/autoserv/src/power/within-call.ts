import { AutotestError, messageOf, sleep, type PowerCall } from '@autotest/core';
import { PowerAuthError, PowerError } from '../errors.ts';
import { DeviceError, type PowerTry } from './power-device.ts';

const tries = 4;
const firstPauseMs = 500;

/**
 * Does one call of a driver: transient errors of the device (busy, no answer) are tried again with growing pauses as long as the time lasts, others are not.
 *
 * @throws PowerError, PowerAuthError; the signal's reason
 */
export async function withinCall<T>(
  about: { readonly host: string; readonly where: string; readonly what: string },
  { timeoutMs, signal }: PowerCall,
  once: (call: PowerTry) => Promise<T>,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  const timeout = AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), 2 ** 31 - 1));
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const { host, where, what } = about;
  for (let attempt = 1, pauseMs = firstPauseMs; ; attempt++, pauseMs *= 2) {
    signal?.throwIfAborted();
    try {
      return await once({ signal: either, leftMs: Math.max(1, endsAt - performance.now()) });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DeviceError && error.kind === 'auth') throw new PowerAuthError(host, where, error.message);
      if (error instanceof AutotestError) throw error;
      if (timeout.aborted)
        throw new PowerError(host, what, where, `no answer within ${timeoutMs} ms`, { cause: error });
      const isTransient = error instanceof DeviceError && error.kind === 'transient';
      if (!isTransient || attempt >= tries || performance.now() + pauseMs >= endsAt)
        throw new PowerError(host, what, where, messageOf(error), { cause: error });
    }
    await sleep(pauseMs, { ...(signal && { signal }) });
  }
}
