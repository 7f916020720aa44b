import type { EntryRow, ExecutionRow, HostRow, LeaseRow, TaskRow } from '../../rows.ts';
import { orNull, toFlag, toJson } from '../../values.ts';
import type { Columns } from './bulk.ts';

/** The columns of each table that changes of scheduling state write, and the rows as those columns. What is not here belongs to others. */

export const entryColumns = {
  version: 'int',
  state: 'text',
  outcome: 'text',
  cause: 'text',
  hostId: 'int',
  executionId: 'int',
  waitId: 'int',
  dispatcherId: 'text',
  attempt: 'int',
  infraFailures: 'int',
  testFailures: 'int',
  hostFailures: 'int',
  triedHostIds: 'text',
  repairedHostIds: 'text',
  startedAt: 'bigint',
  finishedAt: 'bigint',
} as const satisfies Columns;

export function entryValues(row: EntryRow) {
  return {
    ...only(row, entryColumns),
    cause: jsonOrNull(row.cause),
    waitId: orNull(row.waitId),
    triedHostIds: toJson(row.triedHostIds),
    repairedHostIds: toJson(row.repairedHostIds),
  };
}

export const hostColumns = {
  version: 'int',
  state: 'text',
  dirty: 'int',
  reverifyAt: 'bigint',
  reservedBy: 'text',
  reservedUntil: 'bigint',
  reserveReason: 'text',
  health: 'double',
  repairFailures: 'int',
  repairedAt: 'bigint',
  image: 'text',
} as const satisfies Columns;

export function hostValues(row: HostRow) {
  return { ...only(row, hostColumns), dirty: toFlag(row.dirty) };
}

export const taskColumns = {
  version: 'int',
  state: 'text',
  outcome: 'text',
  cause: 'text',
  dispatcherId: 'text',
  executionId: 'int',
  startedAt: 'bigint',
  finishedAt: 'bigint',
} as const satisfies Columns;

export function taskValues(row: TaskRow) {
  return { ...only(row, taskColumns), cause: jsonOrNull(row.cause) };
}

export const newTaskColumns = {
  id: 'int',
  ...taskColumns,
  hostId: 'int',
  entryId: 'int',
  kind: 'text',
  requestedBy: 'text',
  createdAt: 'bigint',
} as const satisfies Columns;

export function newTaskValues(row: TaskRow) {
  const { hostId, kind, requestedBy, createdAt } = row;
  return { ...taskValues(row), hostId, entryId: orNull(row.entryId), kind, requestedBy, createdAt };
}

export const executionColumns = {
  version: 'int',
  state: 'text',
  dispatcherId: 'text',
  executor: 'text',
  externalId: 'text',
  pid: 'int',
  pidStartTicks: 'text',
  exitClass: 'text',
  cause: 'text',
  deadlineAt: 'bigint',
  startedAt: 'bigint',
  endedAt: 'bigint',
} as const satisfies Columns;

export function executionValues(row: ExecutionRow) {
  return { ...only(row, executionColumns), cause: jsonOrNull(row.cause) };
}

export const newExecutionColumns = {
  id: 'int',
  ...executionColumns,
  jobId: 'int',
  taskId: 'int',
  purpose: 'text',
  attempt: 'int',
  epoch: 'bigint',
  tag: 'text',
  resultsDir: 'text',
  socketPath: 'text',
  journalOffset: 'bigint',
  journalSeq: 'bigint',
  createdAt: 'bigint',
} as const satisfies Columns;

export function newExecutionValues(row: ExecutionRow) {
  const { purpose, attempt, epoch, tag, resultsDir, socketPath, journalOffset, journalSeq, createdAt } = row;
  const subject = { jobId: orNull(row.jobId), taskId: orNull(row.taskId) };
  const rest = { purpose, attempt, epoch, tag, resultsDir, socketPath, journalOffset, journalSeq, createdAt };
  return { ...executionValues(row), ...subject, ...rest };
}

export const leaseColumns = {
  holderKind: 'text',
  holderId: 'int',
  epoch: 'bigint',
  dispatcherId: 'text',
  takenAt: 'bigint',
} as const satisfies Columns;

export function leaseValues({ hostId, holder, epoch, dispatcherId, takenAt }: LeaseRow) {
  return { hostId, holderKind: orNull(holder?.kind), holderId: orNull(holder?.id), epoch, dispatcherId, takenAt };
}

/** Lease as its row says. */
export function leaseRow(raw: {
  hostId: number;
  holderKind: string | null;
  holderId: number | null;
  epoch: number;
  dispatcherId: string;
  takenAt: number;
}): LeaseRow {
  const { hostId, holderKind, holderId, epoch, dispatcherId, takenAt } = raw;
  if (holderKind === null || holderId === null) return { hostId, epoch, dispatcherId, takenAt };
  return {
    hostId,
    holder: { kind: holderKind === 'task' ? 'task' : 'entry', id: holderId },
    epoch,
    dispatcherId,
    takenAt,
  };
}

/** What identifies the state of a lease. */
export function leaseText({
  epoch,
  holder,
}: {
  readonly epoch: number;
  readonly holder?: { readonly kind: string; readonly id: number };
}): string {
  return `${epoch} ${holder?.kind ?? '-'} ${holder?.id ?? '-'}`;
}

/** The id and these columns of a row, what is undefined as null. */
function only<Row extends { readonly id: number }, Name extends string>(
  row: Row,
  columns: Readonly<Record<Name, Columns[string]>>,
): { id: number } & {
  [name in Name & keyof Row]: Exclude<Row[name], undefined> | (undefined extends Row[name] ? null : never);
} {
  const values: Record<string, unknown> = { id: row.id };
  const fields: Readonly<Record<string, unknown>> = { ...row };
  for (const name of Object.keys(columns)) values[name] = fields[name] ?? null;
  // oxlint-disable-next-line no-unsafe-type-assertion -- just the columns of the row
  return values as ReturnType<typeof only<Row, Name>>;
}

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : toJson(value);
}
