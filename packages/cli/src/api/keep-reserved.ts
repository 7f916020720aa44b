import { setTimeout as sleep } from 'node:timers/promises';
import {
  ExtendReservationDocument,
  ReleaseHostDocument,
  ServerUnreachableError,
  type Connection,
} from '@autotest/graphql/client';
import { note } from '../output/print.ts';

const longestPauseMs = 60_000;

/**
 * Moves the ends of reservations on until `signal` fires, then releases the hosts. Whatever ends this process without that leaves them reserved for at most
 * `lengthMs`. A server that does not answer is asked again: the reservations last meanwhile.
 *
 * @throws ApiError (`AT_HOST_NOT_RESERVED`) when one of them was lost
 */
export async function keepReserved(
  server: Connection,
  names: readonly string[],
  lengthMs: number,
  signal: AbortSignal,
): Promise<void> {
  const pauseMs = Math.min(lengthMs / 3, longestPauseMs);
  while (await pause(pauseMs, signal)) {
    for (const name of names) await extend(server, name, lengthMs);
  }
  for (const name of names) await server.request(ReleaseHostDocument, { name });
}

/** False where the signal fired. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

async function extend(server: Connection, name: string, lengthMs: number): Promise<void> {
  try {
    await server.request(ExtendReservationDocument, { name, for: lengthMs });
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    note(`${error.message} The reservation of ${name} is extended as soon as it answers.`);
  }
}
