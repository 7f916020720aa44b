import type { EntryState, ExecutionState, HostState, TaskState } from '@autotest/core';

/** Rows as they are stored, as far as they are checked. */
export interface StoredEntry {
  readonly id: number;
  readonly jobId: number;
  readonly index: number;
  readonly version: number;
  readonly state: EntryState;
  readonly outcome: string | null;
  readonly hostId: number | null;
  readonly named: number;
  readonly hostless: number;
  readonly executionId: number | null;
  readonly dispatcherId: string | null;
  readonly attempt: number;
  readonly infraFailures: number;
  readonly testFailures: number;
  readonly queuedAt: number;
}

export interface StoredHost {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly state: HostState;
  readonly labels: string;
  readonly lockedBy: string | null;
  readonly lockedUntil: number | null;
  readonly quarantineReason: string | null;
  readonly draining: number;
}

export interface StoredTask {
  readonly id: number;
  readonly version: number;
  readonly state: TaskState;
  readonly hostId: number;
  readonly entryId: number | null;
  readonly executionId: number | null;
  readonly dispatcherId: string | null;
}

export interface StoredExecution {
  readonly id: number;
  readonly version: number;
  readonly state: ExecutionState;
  readonly purpose: string;
  readonly jobId: number | null;
  readonly taskId: number | null;
  readonly epoch: number;
  readonly resultsDir: string;
}

export interface StoredLease {
  readonly hostId: number;
  readonly holderKind: 'entry' | 'task' | null;
  readonly holderId: number | null;
  readonly epoch: number;
  readonly takenAt: number;
}

export interface StoredJob {
  readonly id: number;
  readonly state: string;
  readonly outcome: string | null;
  readonly account: string;
  readonly priority: number;
  readonly entryCount: number;
  readonly activeCount: number;
  readonly finishedCount: number;
  readonly syncCount: number;
  readonly controlType: string;
  readonly infraRetries: number;
  readonly retries: number;
  readonly needs: string | null;
  readonly after: string | null;
}

export interface StoredEvent {
  readonly id: number;
  readonly t: number;
  readonly kind: string;
  readonly jobId: number | null;
  readonly entryId: number | null;
  readonly executionId: number | null;
  readonly hostId: number | null;
  readonly taskId: number | null;
  readonly data: string;
}

/** The rows of the database as they were at the last look. */
export interface Known {
  readonly entries: Map<number, StoredEntry>;
  readonly hosts: Map<number, StoredHost>;
  readonly tasks: Map<number, StoredTask>;
  readonly executions: Map<number, StoredExecution>;
  readonly jobs: Map<number, StoredJob>;
  /** By host id. */
  readonly leases: Map<number, StoredLease>;
}

export const columns = {
  entries:
    'id, jobId, "index", version, state, outcome, hostId, named, hostless, executionId, dispatcherId, attempt, infraFailures, testFailures, queuedAt',
  hosts: 'id, name, version, state, labels, lockedBy, lockedUntil, quarantineReason, draining',
  tasks: 'id, version, state, hostId, entryId, executionId, dispatcherId',
  executions: 'id, version, state, purpose, jobId, taskId, epoch, resultsDir',
  jobs: 'id, state, outcome, account, priority, entryCount, activeCount, finishedCount, syncCount, controlType, infraRetries, retries, needs, "after"',
  leases: 'hostId, holderKind, holderId, epoch, takenAt',
} as const satisfies Record<keyof Known, string>;
