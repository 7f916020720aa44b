import type { EventKind, EventRow } from '../../model/event.ts';

export interface EventStore {
  /**
   * Events after a cursor in order of id. Never passes over an event that is not yet visible: where ids have a fresh gap (a transaction that
   * has not committed yet), it stops before the gap until the gap is `gapMs` (1000) old.
   */
  since(afterId: number, query: { first: number; jobId?: number; kinds?: readonly EventKind[] }): Promise<EventRow[]>;
  latestId(): Promise<number>;
  append(event: Omit<EventRow, 'id' | 't'>): Promise<void>;
  /**
   * Calls back soon after anything was appended, by whichever process (at once for this one; SQLite: watch on the WAL file; MySQL: poll). A hint
   * only: the callback reads with `since`. Gives a disposer.
   */
  onAppend(callback: () => void): () => void;
}
