import { messageOf, type Clock, type Log } from '@autotest/core';
import type { Database, RecurringRun } from '@autotest/core/db';
import { Alarm } from '../loop/alarm.ts';
import { onNews } from '../loop/on-news.ts';

export interface RecurringOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Recurring {
  /** Looks now at what is due. */
  wake(): void;
  /** Resolves when what it was about to submit is submitted; nothing is after it. */
  stop(): Promise<void>;
}

/** A clock that was set, or a change whose event was missed, is noticed after so long. */
const longestSleepMs = 60_000;
/** How long news is gathered before it is looked at. */
const gatherMs = 1000;
const contendedMs = 1000;
const retryMs = 5000;

/**
 * Submits recurring jobs when their time comes. Any number of processes may do so on one database: each time is submitted by one of them. One that is killed leaves due what it
 * had not submitted.
 */
export function startRecurring({ database, clock, log }: RecurringOptions): Recurring {
  const alarm = new Alarm(clock, async () => {
    try {
      return await submitDue();
    } catch (error) {
      log.error('looking at recurring jobs failed', { reason: messageOf(error), error });
      return retryMs;
    }
  });
  /** Gives how long it can sleep then, ms. */
  const submitDue = async (): Promise<number> => {
    for (;;) {
      const now = clock.now();
      const runs = await database.recurring.claimDue(now);
      for (const run of runs) tell(log, run);
      const nextAt = (await database.recurring.nextAt()) ?? Infinity;
      const leftMs = nextAt - clock.now();
      if (leftMs > 0) return Math.min(leftMs, longestSleepMs);
      // Its time came meanwhile, or there are more than are claimed at once; otherwise somebody else is about to submit it.
      if (nextAt <= now && runs.length === 0) return contendedMs;
    }
  };
  const stopListening = onNews(database.events, clock, gatherMs, () => alarm.wake());
  alarm.wake();
  return {
    wake: () => alarm.wake(),
    async stop() {
      stopListening();
      await alarm.stop();
    },
  };
}

function tell(log: Log, { recurring, jobIds, note, problem }: RecurringRun): void {
  const about = { recurring: recurring.id, name: recurring.name };
  if (problem !== undefined) log.error('a recurring job could not be submitted', { ...about, reason: problem });
  else log.info('a recurring job was submitted', { ...about, jobs: jobIds });
  if (note !== undefined) log.warn('runs of a recurring job were missed', { ...about, note });
}
