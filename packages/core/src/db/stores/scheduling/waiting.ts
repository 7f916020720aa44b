import type { EntryState } from '../../../model/entry.ts';
import type { Session } from '../../session.ts';
import { chunks, clipName, fromJson, toJson } from '../../values.ts';

/** States in which an entry has no execution yet. */
const waitingStates = ['queued', 'preparing', 'ready'] as const satisfies readonly EntryState[];

interface Waiting {
  readonly entryId: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Stores why entries wait, where that changed. Leaves versions alone: a reason is no reason for a plan to fail. What has
 * an execution by now is passed over.
 */
export async function setWaiting(session: Session, reasons: readonly Waiting[]): Promise<void> {
  for (const part of chunks(reasons)) await setPart(session, part);
}

async function setPart(session: Session, reasons: readonly Waiting[]): Promise<void> {
  // Looked at outside of the transaction first: mostly nothing changed, and then nothing is written.
  if ((await changedOf(session, reasons)).length === 0) return;
  await session.write(async (tx) => {
    for (const { entryId, jobId, code, message } of await changedOf(session, reasons)) {
      const { numUpdatedRows } = await tx.db
        .updateTable('entries')
        .set({ waiting: toJson({ code, message }) })
        .where('id', '=', entryId)
        .where('state', 'in', waitingStates)
        .executeTakeFirst();
      if (numUpdatedRows === 1n) tx.emit({ kind: 'entry.waiting', jobId, entryId, data: { code, message } });
    }
  });
}

async function changedOf({ db }: Session, reasons: readonly Waiting[]): Promise<(Waiting & { jobId: number })[]> {
  const wanted = new Map(reasons.map((reason) => [reason.entryId, clipped(reason)]));
  const rows = await db
    .selectFrom('entries')
    .select(['id', 'jobId', 'waiting'])
    .where('id', 'in', [...wanted.keys()])
    .where('state', 'in', waitingStates)
    .execute();
  return rows.flatMap(({ id, jobId, waiting }) => {
    const reason = wanted.get(id);
    const known = waiting === null ? undefined : fromJson<{ code: string; message: string }>(waiting);
    if (!reason || (known?.code === reason.code && known.message === reason.message)) return [];
    return [{ ...reason, jobId }];
  });
}

function clipped({ entryId, code, message }: Waiting): Waiting {
  return { entryId, code: clipName(code), message: clipName(message, 4000) };
}
