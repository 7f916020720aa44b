import { entryMachine, type EntryMove } from '../../../model/entry.ts';
import { nextState } from '../../../model/machine.ts';
import type { EntryPatch } from '../../database.ts';
import { LostRace } from '../../errors.ts';
import type { EntryRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { defined, toJson } from '../../values.ts';
import { entryRow } from '../jobs/rows.ts';
import { causeColumn, causeInEvent } from './cause.ts';
import { lockJob, updateJob } from './job-progress.ts';

type MovingEntry = Pick<EntryRow, 'id' | 'version' | 'state' | 'jobId'>;

/** The one door through which entries change their state. */
export async function moveEntry(
  tx: Tx,
  entry: MovingEntry,
  move: EntryMove,
  patch: EntryPatch = {},
): Promise<EntryRow> {
  const to = nextState(entryMachine, entry.state, move);
  // Before the entry: two entries of a job that end at the same time must see each other's end.
  const job = await lockJob(tx, entry.jobId);
  const { cause, triedHostIds, repairedHostIds, ...plain } = patch;
  const { numUpdatedRows } = await tx.db
    .updateTable('entries')
    .set((eb) => ({
      ...defined(plain),
      ...defined({ cause: causeColumn(cause) }),
      ...(triedHostIds && { triedHostIds: toJson(triedHostIds) }),
      ...(repairedHostIds && { repairedHostIds: toJson(repairedHostIds) }),
      // The reason belonged to the state that the entry leaves.
      waitId: null,
      ...(to === 'starting' && { startedAt: eb.fn.coalesce('startedAt', eb.val(tx.now)) }),
      ...(to === 'finished' && { finishedAt: tx.now }),
      state: to,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', entry.id)
    .where('version', '=', entry.version)
    .where('state', '=', entry.state)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new LostRace('entry', entry.id);
  const raw = await tx.db.selectFrom('entries').selectAll().where('id', '=', entry.id).executeTakeFirstOrThrow();
  const row = entryRow(raw);
  tx.emit({
    kind: 'entry.moved',
    jobId: row.jobId,
    entryId: row.id,
    ...defined({ hostId: row.hostId, executionId: row.executionId }),
    data: { from: entry.state, to, move, ...defined({ outcome: row.outcome }), ...causeInEvent(cause) },
  });
  if (job && (to === 'finished' || to === 'starting' || entry.state === 'queued' || to === 'queued'))
    await updateJob(tx, job, to);
  return row;
}
