import { sleep } from '@autotest/core';
import { ContendedError } from '../errors.ts';

const attempts = 8;
const firstDelayMs = 10;

/**
 * Carries out a change that has to happen whoever else writes: reads again and tries again when a race was lost (`undefined`).
 *
 * @throws ContendedError after several tries
 */
export async function persist<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < attempts; n++) {
    const result = await attempt();
    if (result !== undefined) return result;
    await sleep(firstDelayMs * 2 ** n * (0.5 + Math.random()));
  }
  throw new ContendedError(what);
}
