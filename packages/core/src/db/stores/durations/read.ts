import type { DurationRow } from '../../rows.ts';
import type { Session } from '../../session.ts';

/** Without an index on time: one row a name of a job, and asked once a minute. */
export function durationsSince({ db }: Session, changedSince: number): Promise<DurationRow[]> {
  return db.selectFrom('durations').selectAll().where('changedAt', '>=', changedSince).orderBy('name').execute();
}
