import { nextState } from '../../../model/machine.ts';
import { taskMachine, type TaskMove, type TaskOutcome } from '../../../model/task.ts';
import type { Cause } from '../../../model/entry.ts';
import type { SchedulingWrite } from '../../database.ts';
import { LostRace } from '../../errors.ts';
import type { TaskRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { clipName, defined, orNull } from '../../values.ts';
import { taskRow } from '../jobs/rows.ts';
import { causeColumn, causeInEvent } from './cause.ts';

export async function addTask(tx: Tx, task: Parameters<SchedulingWrite['addTask']>[0]): Promise<TaskRow> {
  const values = {
    hostId: task.hostId,
    entryId: orNull(task.entryId),
    kind: task.kind,
    requestedBy: clipName(task.requestedBy),
    version: 1,
    state: taskMachine.initial,
    createdAt: tx.now,
  };
  const { insertId } = await tx.db.insertInto('tasks').values(values).executeTakeFirstOrThrow();
  const row = taskRow({ id: Number(insertId), ...values });
  tx.emit({
    kind: 'task.queued',
    taskId: row.id,
    ...(await subject(tx, row)),
    data: { kind: row.kind, requestedBy: row.requestedBy },
  });
  return row;
}

/** The one door through which special tasks change their state. */
export async function moveTask(
  tx: Tx,
  task: Pick<TaskRow, 'id' | 'version' | 'state'>,
  move: TaskMove,
  patch: { outcome?: TaskOutcome; cause?: Cause; executionId?: number } = {},
): Promise<TaskRow> {
  const to = nextState(taskMachine, task.state, move);
  const { numUpdatedRows } = await tx.db
    .updateTable('tasks')
    .set((eb) => ({
      ...defined({ outcome: patch.outcome, executionId: patch.executionId, cause: causeColumn(patch.cause) }),
      ...(to === 'running' && { startedAt: tx.now }),
      ...(to === 'finished' && { finishedAt: tx.now }),
      state: to,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', task.id)
    .where('version', '=', task.version)
    .where('state', '=', task.state)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new LostRace('special task', task.id);
  const raw = await tx.db.selectFrom('tasks').selectAll().where('id', '=', task.id).executeTakeFirstOrThrow();
  const row = taskRow(raw);
  tx.emit({
    kind: 'task.moved',
    taskId: row.id,
    ...(await subject(tx, row)),
    ...defined({ executionId: row.executionId }),
    data: {
      from: task.state,
      to,
      move,
      kind: row.kind,
      ...defined({ outcome: row.outcome }),
      ...causeInEvent(patch.cause),
    },
  });
  return row;
}

/** What a task's events are about: its host, and the job whose entry waits for it. */
async function subject(tx: Tx, task: TaskRow): Promise<{ hostId: number; entryId?: number; jobId?: number }> {
  if (task.entryId === undefined) return { hostId: task.hostId };
  const entry = await tx.db.selectFrom('entries').select('jobId').where('id', '=', task.entryId).executeTakeFirst();
  return { hostId: task.hostId, entryId: task.entryId, ...defined({ jobId: entry?.jobId }) };
}
