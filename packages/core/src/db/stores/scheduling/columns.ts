import type { EntryRow, ExecutionRow, HostRow, LeaseRow, TaskRow } from '../../rows.ts';
import { orNull, toFlag, toJson } from '../../values.ts';
import type { ColumnType } from './bulk-update.ts';

/** The columns of each table that changes of scheduling state write, and the rows as those columns. What is not here belongs to others. */

export const entryColumns = {
  version: 'int',
  state: 'varchar(255)',
  outcome: 'varchar(255)',
  cause: 'longtext',
  hostId: 'int',
  executionId: 'int',
  waitId: 'int',
  dispatcherId: 'varchar(255)',
  attempt: 'int',
  infraFailures: 'int',
  testFailures: 'int',
  hostFailures: 'int',
  triedHostIds: 'longtext',
  repairedHostIds: 'longtext',
  startedAt: 'bigint',
  finishedAt: 'bigint',
} as const satisfies Record<string, ColumnType>;

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
  state: 'varchar(255)',
  dirty: 'int',
  reverifyAt: 'bigint',
  reservedBy: 'varchar(255)',
  reservedUntil: 'bigint',
  reserveReason: 'longtext',
  health: 'double',
  repairFailures: 'int',
  repairedAt: 'bigint',
  image: 'varchar(255)',
} as const satisfies Record<string, ColumnType>;

export function hostValues(row: HostRow) {
  return { ...only(row, hostColumns), dirty: toFlag(row.dirty) };
}

export const taskColumns = {
  version: 'int',
  state: 'varchar(255)',
  outcome: 'varchar(255)',
  cause: 'longtext',
  dispatcherId: 'varchar(255)',
  executionId: 'int',
  startedAt: 'bigint',
  finishedAt: 'bigint',
} as const satisfies Record<string, ColumnType>;

export function taskValues(row: TaskRow) {
  return { ...only(row, taskColumns), cause: jsonOrNull(row.cause) };
}

export function newTaskValues(row: TaskRow) {
  const { hostId, kind, requestedBy, createdAt } = row;
  return { ...taskValues(row), hostId, entryId: orNull(row.entryId), kind, requestedBy, createdAt };
}

export const executionColumns = {
  version: 'int',
  state: 'varchar(255)',
  dispatcherId: 'varchar(255)',
  executor: 'varchar(255)',
  externalId: 'varchar(255)',
  pid: 'int',
  pidStartTicks: 'varchar(255)',
  exitClass: 'varchar(255)',
  cause: 'longtext',
  deadlineAt: 'bigint',
  startedAt: 'bigint',
  endedAt: 'bigint',
} as const satisfies Record<string, ColumnType>;

export function executionValues(row: ExecutionRow) {
  return { ...only(row, executionColumns), cause: jsonOrNull(row.cause) };
}

export function newExecutionValues(row: ExecutionRow) {
  const { purpose, attempt, epoch, tag, resultsDir, socketPath, journalOffset, journalSeq, createdAt } = row;
  const subject = { jobId: orNull(row.jobId), taskId: orNull(row.taskId) };
  const rest = { purpose, attempt, epoch, tag, resultsDir, socketPath, journalOffset, journalSeq, createdAt };
  return { ...executionValues(row), ...subject, ...rest };
}

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

/** The id and these columns of a row, what is undefined as null. */
function only<Row extends { readonly id: number }, Name extends string>(
  row: Row,
  columns: Readonly<Record<Name, ColumnType>>,
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
