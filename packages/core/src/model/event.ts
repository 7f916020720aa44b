/**
 * One row of the append-only event log, written in the same transaction as the change it tells of. `id` rises monotonically:
 * it is the cursor of subscriptions and of everybody who waits for work.
 */
export interface EventRow {
  readonly id: number;
  /** ms since the epoch. */
  readonly t: number;
  readonly kind: EventKind;
  readonly jobId?: number;
  readonly entryId?: number;
  readonly executionId?: number;
  readonly hostId?: number;
  readonly taskId?: number;
  /** Small JSON object: for state changes `{ from, to, move, reason? }`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export const eventKinds = [
  'job.submitted',
  'job.started',
  'job.finished',
  'job.abortRequested',
  'suite.submitted',
  'suite.finished',
  'recurring.changed',
  'entry.moved',
  'entry.waiting',
  'execution.moved',
  'execution.progress',
  'execution.log',
  'host.added',
  'host.changed',
  'host.moved',
  'task.queued',
  'task.moved',
  'result.node',
  'result.metrics',
  'dispatcher.changed',
  'account.changed',
  'label.changed',
  'access.changed',
  'notification.changed',
] as const;
export type EventKind = (typeof eventKinds)[number];
