import type { EntryRow, ExecutionRow, HostRow, TaskRow } from '@autotest/core/db';

/** Rows with versions, by kind. */
export interface RowOf {
  readonly entries: EntryRow;
  readonly hosts: HostRow;
  readonly tasks: TaskRow;
  readonly executions: ExecutionRow;
}

export type VersionedKind = keyof RowOf;
export const versionedKinds = ['entries', 'hosts', 'tasks', 'executions'] as const satisfies readonly VersionedKind[];
