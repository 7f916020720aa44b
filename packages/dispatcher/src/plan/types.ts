import type { Cause, EntryOutcome, TaskKind, WaitCode } from '@autotest/core';
import type { EntryRow, ExecutionRow, LeaseRow, Snapshot, TaskRow } from '@autotest/core/db';

/** What the plan may use of this dispatcher. */
export interface PlanLimits {
  readonly dispatcherId: string;
  /** Dispatchers of this machine that are dead: this one goes on with what they held. */
  readonly inherited: ReadonlySet<string>;
  /** Executions (jobs and special tasks) of this dispatcher that run at once. */
  readonly maxExecutions: number;
  /** Why nothing may start for now: the machine of this dispatcher is short of something. */
  readonly shortage: string | undefined;
  /** What cannot be planned for now, because it failed a moment ago: `entry:7`, `host:3`, `task:9`. */
  readonly paused: ReadonlySet<string>;
}

/**
 * What to do about a snapshot. Each item is carried out by itself, by compare-and-set; what loses a race is dropped and seen again in the
 * next snapshot.
 */
export interface Plan {
  /** Entries that end before they ever ran. */
  readonly endings: readonly EntryEnding[];
  /** Executions that have to stop. */
  readonly interrupts: readonly Interrupt[];
  /** Special tasks whose autoserv can start. */
  readonly taskStarts: readonly TaskRow[];
  readonly assignments: readonly Assignment[];
  /** Entries that start together, in one execution. */
  readonly starts: readonly (readonly EntryRow[])[];
  /** Held hosts that a job of lower rank gives back. */
  readonly yields: readonly EntryRow[];
  /** Special tasks that no entry asked for. */
  readonly newTasks: readonly { readonly hostId: number; readonly kind: TaskKind }[];
  /** Reasons that differ from the stored ones. */
  readonly waiting: readonly WaitingReason[];
  /** When something changes by itself (a limit runs out, a lock ends), ms since the epoch. */
  readonly wakeAt: number;
}

export interface EntryEnding {
  readonly entry: EntryRow;
  readonly move: 'abort' | 'give_up';
  readonly outcome: EntryOutcome;
  readonly cause: Cause;
}

export interface Interrupt {
  readonly execution: ExecutionRow;
  readonly by: string;
  readonly reason: string;
  readonly timedOut: boolean;
}

export interface Assignment {
  readonly entry: EntryRow;
  readonly hostId: number;
}

export interface WaitingReason {
  readonly entryId: number;
  readonly code: WaitCode;
  readonly message: string;
}

/** A lease that keeps others away at this moment. */
export function liveLease(snapshot: Pick<Snapshot, 'leases' | 'now'>, hostId: number): LeaseRow | undefined {
  const lease = snapshot.leases.get(hostId);
  return lease !== undefined && lease.expiresAt > snapshot.now ? lease : undefined;
}
