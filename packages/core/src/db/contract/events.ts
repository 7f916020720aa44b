import type { EventKind, EventRow } from '../../model/event.ts';

export interface EventQuery {
  /** How many at the most. */
  readonly first: number;
  readonly jobId?: number;
  readonly kinds?: readonly EventKind[];
}

/** Events after a cursor, and how far the log was looked at for them. */
export interface EventPage {
  readonly events: readonly EventRow[];
  /** Where to go on: whatever was asked for up to here is among the events. */
  readonly cursor: number;
  /** Whether there is more behind the cursor already. */
  readonly hasMore: boolean;
}

export interface EventStore {
  /**
   * Events after a cursor in order of id. Never passes over an event that is not yet visible: where ids have a fresh gap (a transaction that
   * has not committed yet), it stops before the gap until the gap is `gapMs` (1000) old.
   */
  page(afterId: number, query: EventQuery): Promise<EventPage>;
  /** The events of such a page, for whoever reads until there are none. */
  since(afterId: number, query: EventQuery): Promise<readonly EventRow[]>;
  /** Highest id up to which every event is visible: where a cursor starts that is to tell of what comes from now on. */
  latestId(): Promise<number>;
  append(event: Omit<EventRow, 'id' | 't'>): Promise<void>;
  /**
   * Calls back soon after anything was appended, by whichever process (at once for this one; SQLite: watch on the WAL file; MySQL: poll). A hint
   * only: the callback reads with `since`. Gives a disposer.
   */
  onAppend(callback: () => void): () => void;
}
