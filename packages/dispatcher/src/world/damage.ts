import {
  entryMachine,
  executionMachine,
  hostMachine,
  protections,
  purposes,
  taskKinds,
  taskMachine,
} from '@autotest/core';
import type { EntryRow, ExecutionRow, HostRow, JobRow, TaskRow } from '@autotest/core/db';

/**
 * What is wrong with a row that no version of this program can have written: it is left out of everything, with the reason, and the others go on. undefined: nothing.
 */
export const damageOf = {
  entries: (row: EntryRow): string | undefined =>
    unknownWord('state', row.state, entryMachine.states) ??
    notNumber('jobId', row.jobId) ??
    (Array.isArray(row.triedHostIds) ? undefined : 'triedHostIds is no list'),
  hosts: (row: HostRow): string | undefined =>
    unknownWord('state', row.state, hostMachine.states) ??
    unknownWord('protection', row.protection, protections) ??
    (Array.isArray(row.labels) && row.labels.every((label) => typeof label === 'string')
      ? undefined
      : 'labels is no list of texts'),
  jobs: (row: JobRow): string | undefined =>
    notNumber('priority', row.priority) ??
    notNumber('syncCount', row.syncCount) ??
    (typeof row.metadata === 'object' ? undefined : 'metadata is no object'),
  tasks: (row: TaskRow): string | undefined =>
    unknownWord('state', row.state, taskMachine.states) ?? unknownWord('kind', row.kind, taskKinds),
  executions: (row: ExecutionRow): string | undefined =>
    unknownWord('state', row.state, executionMachine.states) ?? unknownWord('purpose', row.purpose, purposes),
};

function unknownWord(column: string, word: unknown, known: readonly string[]): string | undefined {
  if (known.some((one) => one === word)) return undefined;
  return `${column} is ${JSON.stringify(word)}, which is none of ${known.join(', ')}`;
}

function notNumber(column: string, value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? undefined : `${column} is no number`;
}
