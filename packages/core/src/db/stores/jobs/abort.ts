import type { Session } from '../../session.ts';
import { clipName, clipReason, toFlag } from '../../values.ts';

/** Marks the entries that are not finished and not marked yet; gives how many. Their versions rise, so that a plan made before does not go ahead. */
export function requestAbort(session: Session, jobId: number, by: string, reason: string): Promise<number> {
  return session.write(async (tx) => {
    // The job first, as in every transaction that locks both: no deadlocks between them.
    await tx.db
      .updateTable('jobs')
      .set({ abortedBy: clipName(by), abortReason: clipReason(reason) })
      .where('id', '=', jobId)
      .where('state', '!=', 'finished')
      .where('abortedBy', 'is', null)
      .execute();
    const { numUpdatedRows } = await tx.db
      .updateTable('entries')
      .set((eb) => ({ abortRequested: toFlag(true), version: eb('version', '+', 1) }))
      .where('jobId', '=', jobId)
      .where('state', '!=', 'finished')
      .where('abortRequested', '=', 0)
      .executeTakeFirst();
    const count = Number(numUpdatedRows);
    if (count > 0) tx.emit({ kind: 'job.abortRequested', jobId, data: { by, reason: clipReason(reason), count } });
    return count;
  });
}
