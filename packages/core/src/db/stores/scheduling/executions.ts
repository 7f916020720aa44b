import { executionMachine, type ExecutionMove, type ExitClass } from '../../../model/execution.ts';
import type { Cause } from '../../../model/entry.ts';
import { nextState } from '../../../model/machine.ts';
import type { SchedulingWrite } from '../../database.ts';
import { LostRace } from '../../errors.ts';
import type { ExecutionRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { defined, orNull } from '../../values.ts';
import { executionRow } from '../jobs/rows.ts';
import { causeColumn, causeInEvent } from './cause.ts';

export async function addExecution(
  tx: Tx,
  execution: Parameters<SchedulingWrite['addExecution']>[0],
): Promise<ExecutionRow> {
  const values = {
    ...execution,
    jobId: orNull(execution.jobId),
    taskId: orNull(execution.taskId),
    deadlineAt: orNull(execution.deadlineAt),
    version: 1,
    state: executionMachine.initial,
    journalOffset: 0,
    journalSeq: 0,
    createdAt: tx.now,
  };
  const { insertId } = await tx.db.insertInto('executions').values(values).executeTakeFirstOrThrow();
  const row = executionRow({ id: Number(insertId), ...values });
  tx.emit({
    kind: 'execution.moved',
    executionId: row.id,
    ...defined({ jobId: row.jobId, taskId: row.taskId }),
    data: { to: row.state, purpose: row.purpose, attempt: row.attempt },
  });
  return row;
}

/** The one door through which executions change their state. */
export async function moveExecution(
  tx: Tx,
  execution: Pick<ExecutionRow, 'id' | 'version' | 'state'>,
  move: ExecutionMove,
  patch: { pid?: number; pidStartTicks?: string; exitClass?: ExitClass; cause?: Cause } = {},
): Promise<ExecutionRow> {
  const to = nextState(executionMachine, execution.state, move);
  const { cause, ...plain } = patch;
  const { numUpdatedRows } = await tx.db
    .updateTable('executions')
    .set((eb) => ({
      ...defined(plain),
      ...defined({ cause: causeColumn(cause) }),
      ...(to === 'starting' && { startedAt: tx.now }),
      ...(to === 'ended' && { endedAt: tx.now }),
      state: to,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', execution.id)
    .where('version', '=', execution.version)
    .where('state', '=', execution.state)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new LostRace('execution', execution.id);
  const raw = await tx.db.selectFrom('executions').selectAll().where('id', '=', execution.id).executeTakeFirstOrThrow();
  const row = executionRow(raw);
  tx.emit({
    kind: 'execution.moved',
    executionId: row.id,
    ...defined({ jobId: row.jobId, taskId: row.taskId }),
    data: {
      from: execution.state,
      to,
      move,
      purpose: row.purpose,
      ...defined({ exitClass: row.exitClass }),
      ...causeInEvent(cause),
    },
  });
  return row;
}
