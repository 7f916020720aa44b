import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { contactFileName, heartbeatIntervalMs } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';
import type { DispatcherLimits } from '../options.ts';

/**
 * How long autoserv goes on without a dispatcher. It has the rest of `lostMs` to end what it does on the hosts before others take them: both count from the last sign of life of the
 * dispatcher that others have seen.
 */
export function orphanMs({ lostMs }: Pick<DispatcherLimits, 'lostMs'>): number {
  return Math.floor((lostMs / 6) * 5);
}

/** Time between two signs to an autoserv. */
export function contactIntervalMs(limits: Pick<DispatcherLimits, 'lostMs'>): number {
  return Math.min(heartbeatIntervalMs, orphanMs(limits) / 10);
}

/** A sign to an autoserv on another machine. Its content is new each time: clocks differ between machines, and so may times of files. */
export function touchContact(resultsDir: string): void {
  writeFileAtomic(join(resultsDir, contactFileName), `${randomUUID()}\n`);
}
