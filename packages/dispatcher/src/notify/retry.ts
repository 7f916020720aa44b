import type { NotifierLimits } from './options.ts';

const factor = 4;
/** Longest wait that a receiver can ask for. */
const maxAfterMs = 24 * 3_600_000;

/**
 * Delay after a failed attempt: grows with each, and is spread over its second half, so that what failed together does not come back together. At least as long as
 * the receiver asked for. Undefined: it was the last one.
 *
 * @param attempts how many were made
 * @param random from 0 to 1
 */
export function retryDelayMs(
  attempts: number,
  limits: Pick<NotifierLimits, 'maxAttempts' | 'firstRetryMs' | 'maxRetryMs'>,
  afterMs = 0,
  random = Math.random(),
): number | undefined {
  if (attempts >= limits.maxAttempts) return undefined;
  const delayMs = Math.min(limits.maxRetryMs, limits.firstRetryMs * factor ** (attempts - 1));
  return Math.max(Math.min(afterMs, maxAfterMs), delayMs / 2 + (delayMs / 2) * random);
}
