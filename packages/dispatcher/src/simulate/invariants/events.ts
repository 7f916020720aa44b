import { Violation } from '../violation.ts';
import type { Known, StoredEvent } from './known.ts';

const kinds = {
  'entry.moved': ['entries', 'entryId'],
  'host.moved': ['hosts', 'hostId'],
  'task.moved': ['tasks', 'taskId'],
  'execution.moved': ['executions', 'executionId'],
} as const;

const finals: Readonly<Record<string, string>> = { entries: 'finished', tasks: 'finished', executions: 'ingested' };

/** What events told of each row: they tell every change of a state, once and in order. */
export class Told {
  readonly #states = new Map<string, { state: string; version: number }>();

  /** Begins with rows that nobody told of. */
  begin(known: Known): void {
    for (const kind of ['entries', 'hosts', 'tasks', 'executions'] as const)
      for (const { id, state, version } of known[kind].values()) this.#states.set(`${kind}:${id}`, { state, version });
  }

  /** @throws Violation when an event does not go on where the last one ended, or leaves a final state */
  take(event: StoredEvent): void {
    const data = JSON.parse(event.data) as { from?: string; to?: string; version?: number };
    if (event.kind === 'task.queued') this.#states.set(`tasks:${event.taskId}`, { state: 'queued', version: 1 });
    if (!(event.kind in kinds)) return;
    const [kind, column] = kinds[event.kind as keyof typeof kinds];
    const key = `${kind}:${event[column]}`;
    const known = this.#states.get(key) ?? (kind === 'entries' ? { state: 'queued', version: 0 } : undefined);
    if (known && data.from !== undefined && data.from !== known.state)
      throw new Violation(
        'events match rows',
        `event ${event.id} tells that ${key} goes from ${data.from}, and it was ${known.state}`,
      );
    if (known && finals[kind] === known.state)
      throw new Violation(
        'terminal states are final',
        `event ${event.id} tells that ${key} goes from ${known.state} to ${data.to}`,
      );
    if (known && data.version !== undefined && data.version <= known.version)
      throw new Violation(
        'events match rows',
        `event ${event.id} tells of version ${data.version} of ${key} after ${known.version}`,
      );
    this.#states.set(key, { state: data.to ?? '', version: data.version ?? 0 });
  }

  /** Rows are as they were told to be. */
  compare(known: Known, kind: 'entries' | 'hosts' | 'tasks' | 'executions', ids: Iterable<number>): void {
    for (const id of ids) {
      const row = known[kind].get(id);
      const told = this.#states.get(`${kind}:${id}`) ?? (kind === 'entries' ? { state: 'queued' } : undefined);
      if (row && row.state !== told?.state)
        throw new Violation('events match rows', `${kind} ${id} is ${row.state}, and events tell ${told?.state}`);
    }
  }
}
