import { AutotestError, messageOf } from '../../../errors/autotest-error.ts';
import type { RecurringRun } from '../../database.ts';
import { driverError } from '../../driver-error.ts';
import type { RecurringRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { clipReason, orNull, toFlag } from '../../values.ts';
import { dueRuns, scheduleOf, type DueRuns } from './due-runs.ts';
import { recurringRow } from './row.ts';
import { nextTime } from './schedule.ts';
import { submitRun } from './submit-run.ts';

const maxRows = 100;

/*
 * One transaction for each: it moves the row on by compare-and-set, then submits, so that
 *   killed before its commit    nothing happened, and it is due still
 *   two at once                 the second one waits for the row and finds another version
 *   a clock that jumps back     the row names a time that is yet to come; and each time is submitted under a request id of its own
 */
export async function claimDue(session: Session, now: number): Promise<RecurringRun[]> {
  const raw = await session.db
    .selectFrom('recurring')
    .selectAll()
    .where('enabled', '=', 1)
    .where('nextAt', '<=', now)
    .orderBy('nextAt')
    .limit(maxRows)
    .execute();
  const runs: RecurringRun[] = [];
  for (const row of raw.map(recurringRow)) {
    const run = await claimOne(session, row, now);
    if (run) runs.push(run);
  }
  return runs;
}

async function claimOne(session: Session, row: RecurringRow, now: number): Promise<RecurringRun | undefined> {
  try {
    return await session.write(async (tx) => {
      const due = dueRuns(row, now);
      return (await moveOn(tx, row, due)) ? submitAll(tx, row, due, now) : undefined;
    });
  } catch (error) {
    if (!isOfTheJob(error)) throw error;
    return session.write((tx) => leaveProblem(tx, row, now, messageOf(error)));
  }
}

/** False: somebody else was faster. */
async function moveOn(tx: Tx, row: RecurringRow, { nextAt, times }: DueRuns): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('recurring')
    .set((eb) => ({
      version: eb('version', '+', 1),
      nextAt: orNull(nextAt),
      enabled: toFlag(nextAt !== undefined),
      ...(row.remaining !== undefined && { remaining: row.remaining - times.length }),
      problem: null,
    }))
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function submitAll(tx: Tx, row: RecurringRow, { times, note }: DueRuns, now: number): Promise<RecurringRun> {
  const jobIds: number[] = [];
  for (const time of times) jobIds.push((await submitRun(tx, row, String(time))).id);
  const lastJobId = jobIds.at(-1);
  if (lastJobId !== undefined)
    await tx.db.updateTable('recurring').set({ lastAt: now, lastJobId }).where('id', '=', row.id).execute();
  tx.emit({
    kind: 'recurring.changed',
    ...(lastJobId !== undefined && { jobId: lastJobId }),
    data: { recurringId: row.id, change: 'submitted', jobs: jobIds.length, ...(note !== undefined && { note }) },
  });
  return { recurring: await reread(tx, row.id), jobIds, ...(note !== undefined && { note }) };
}

async function leaveProblem(
  tx: Tx,
  row: RecurringRow,
  now: number,
  problem: string,
): Promise<RecurringRun | undefined> {
  const nextAt = nextTimeOf(row, now);
  const { numUpdatedRows } = await tx.db
    .updateTable('recurring')
    .set((eb) => ({ version: eb('version', '+', 1), nextAt: orNull(nextAt), problem: clipReason(problem) }))
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return undefined;
  tx.emit({
    kind: 'recurring.changed',
    data: { recurringId: row.id, change: 'failed', name: row.name, problem: clipReason(problem) },
  });
  return { recurring: await reread(tx, row.id), jobIds: [], problem };
}

/** None, where it is the schedule itself that cannot be read: then somebody has to change it. */
function nextTimeOf(row: RecurringRow, now: number): number | undefined {
  try {
    return nextTime(scheduleOf(row), now, row.nextAt ?? now);
  } catch {
    return undefined;
  }
}

async function reread(tx: Tx, id: number): Promise<RecurringRow> {
  return recurringRow(await tx.db.selectFrom('recurring').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
}

/** Whether an error tells of this one job. A database that cannot be reached or is busy tells of none: what is due stays due. */
function isOfTheJob(error: unknown): boolean {
  if (error instanceof AutotestError) return true;
  const { code, errno } = driverError(error);
  const isConstraint = code.startsWith('SQLITE_CONSTRAINT') || errno === 1452 || errno === 1062;
  return isConstraint || (code === '' && errno === undefined);
}
