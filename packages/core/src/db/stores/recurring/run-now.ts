import type { JobRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { submitRun } from './submit-run.ts';
import { lockRecurring } from './update.ts';

/** Its schedule and what remains stay as they are. */
export function runNow(session: Session, id: number): Promise<JobRow> {
  return session.write(async (tx) => {
    const row = await lockRecurring(tx, id);
    const job = await submitRun(tx, row, undefined);
    await tx.db
      .updateTable('recurring')
      .set((eb) => ({ version: eb('version', '+', 1), lastAt: tx.now, lastJobId: job.id, problem: null }))
      .where('id', '=', id)
      .execute();
    tx.emit({ kind: 'recurring.changed', jobId: job.id, data: { recurringId: id, change: 'submitted' } });
    return job;
  });
}
