import type { Session, Tx } from '../../session.ts';
import { chunks, clipName, clipReason, toFlag } from '../../values.ts';

/** Marks the entries that are not finished and not marked yet; gives how many. Their versions rise, so that a plan made before does not go ahead. */
export function requestAbort(session: Session, jobId: number, by: string, reason: string): Promise<number> {
  return session.write((tx) => abortJobs(tx, [jobId], by, reason));
}

/** As {@link requestAbort}, for many jobs, as a part of a transaction. */
export async function abortJobs(tx: Tx, jobIds: readonly number[], by: string, reason: string): Promise<number> {
  // The jobs first, as in every transaction that locks both: no deadlocks between them.
  for (const part of chunks(jobIds))
    await tx.db
      .updateTable('jobs')
      .set({ abortedBy: clipName(by), abortReason: clipReason(reason) })
      .where('id', 'in', part)
      .where('state', '!=', 'finished')
      .where('abortedBy', 'is', null)
      .execute();
  let total = 0;
  for (const jobId of jobIds) {
    const { numUpdatedRows } = await tx.db
      .updateTable('entries')
      .set((eb) => ({ abortRequested: toFlag(true), version: eb('version', '+', 1) }))
      .where('jobId', '=', jobId)
      .where('state', '!=', 'finished')
      .where('abortRequested', '=', 0)
      .executeTakeFirst();
    const count = Number(numUpdatedRows);
    if (count > 0) tx.emit({ kind: 'job.abortRequested', jobId, data: { by, reason: clipReason(reason), count } });
    total += count;
  }
  return total;
}
