import type { EventKind, EventRow } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import type { VersionedKind } from '../world/versioned.ts';
import type { World } from '../world/world.ts';

/** Events after which the world is another. Results and logs, which are most of all events, are not among them. */
const relevant: readonly EventKind[] = [
  'job.submitted',
  'job.abortRequested',
  'job.finished',
  'entry.moved',
  'execution.moved',
  'host.added',
  'host.changed',
  'host.moved',
  'task.queued',
  'task.moved',
  'dispatcher.changed',
  'account.changed',
  'label.changed',
  'access.changed',
];
const rules: ReadonlySet<EventKind> = new Set<EventKind>([
  'dispatcher.changed',
  'account.changed',
  'label.changed',
  'access.changed',
]);
/** Events that tell of a version of a row: whose, and which field has its id. */
const moves: {
  readonly [kind in EventKind]?: {
    readonly rows: VersionedKind;
    readonly id: 'entryId' | 'hostId' | 'taskId' | 'executionId';
  };
} = {
  'entry.moved': { rows: 'entries', id: 'entryId' },
  'host.moved': { rows: 'hosts', id: 'hostId' },
  'task.moved': { rows: 'tasks', id: 'taskId' },
  'execution.moved': { rows: 'executions', id: 'executionId' },
};
const batchSize = 1000;

interface IdRange {
  readonly first: number;
  readonly last: number;
}

/** Keeps a world up to date with what others write: reads events behind a cursor, and the rows that they are about. */
export class Feed {
  readonly #database: Pick<Database, 'events' | 'scheduling'>;
  readonly #world: World;
  readonly #onEvent: (t: number) => void;
  #cursor = 0;
  /** What this dispatcher wrote itself behind the cursor, in order of ids. */
  #own: IdRange[] = [];

  /** @param onEvent told of each event of others that matters, with its time */
  constructor(database: Pick<Database, 'events' | 'scheduling'>, world: World, onEvent: (t: number) => void) {
    this.#database = database;
    this.#world = world;
    this.#onEvent = onEvent;
  }

  /** Reads everything. What is appended meanwhile is read again by the next `read`, which does no harm. */
  async start(): Promise<void> {
    const { events, scheduling } = this.#database;
    const cursor = await events.latestId();
    const rows = await scheduling.load();
    const known = await scheduling.rules();
    this.#world.reset(rows);
    this.#world.takeRules(known);
    // Not before: what this dispatcher wrote meanwhile may not be among the rows, so its events must not be passed over.
    this.#cursor = cursor;
    this.#own = [];
  }

  /** These events are this dispatcher's own: it knows what they tell of. */
  pass(range: IdRange): void {
    this.#own.push(range);
    this.#passOver();
  }

  #passOver(): void {
    for (let [next] = this.#own; next && next.first <= this.#cursor + 1; [next] = this.#own) {
      this.#cursor = Math.max(this.#cursor, next.last);
      this.#own.shift();
    }
  }

  /** Takes in what was appended since last time. */
  async read(): Promise<void> {
    const { events } = this.#database;
    await this.#readDoubtful();
    for (let hasMore = true; hasMore;) {
      const page = await events.page(this.#cursor, { first: batchSize, kinds: relevant });
      const own = this.#own;
      await this.#takeIn(page.events.filter(({ id }) => !own.some(({ first, last }) => first <= id && id <= last)));
      this.#cursor = Math.max(this.#cursor, page.cursor);
      this.#passOver();
      ({ hasMore } = page);
    }
  }

  /** Hosts that do not fit to the rest, with what is open for them. */
  async #readDoubtful(): Promise<void> {
    const { doubtful } = this.#world;
    if (doubtful.size === 0) return;
    const hosts = [...doubtful];
    const askedAt = this.#world.moment;
    const rows = await this.#database.scheduling.reload({ hosts });
    for (const hostId of hosts) doubtful.delete(hostId);
    this.#world.take(rows, false, askedAt);
  }

  async #takeIn(news: readonly EventRow[]): Promise<void> {
    if (news.length === 0) return;
    for (const { t } of news) this.#onEvent(t);
    const { scheduling } = this.#database;
    if (news.some(({ kind }) => rules.has(kind))) this.#world.takeRules(await scheduling.rules());
    for (const { kind, jobId } of news) if (kind === 'job.finished' && jobId !== undefined) this.#world.touchJob(jobId);
    const about = news.filter(
      (event) => event.kind !== 'job.finished' && !rules.has(event.kind) && !this.#isKnown(event),
    );
    const jobs = about.filter(({ kind }) => kind === 'job.submitted' || kind === 'job.abortRequested');
    const askedAt = this.#world.moment;
    const rows = await scheduling.reload({
      jobs: unique(jobs.map(({ jobId }) => jobId)),
      entries: unique(about.filter(({ kind }) => kind === 'entry.moved').map(({ entryId }) => entryId)),
      // Also where the event itself is known: a lease that changed with it has no version by which that could be told.
      hosts: unique(news.map(({ hostId }) => hostId)),
      tasks: unique(about.map(({ taskId }) => taskId)),
      executions: unique(about.filter(({ kind }) => kind === 'execution.moved').map(({ executionId }) => executionId)),
    });
    const given = new Set(rows.jobs.map(({ id }) => id));
    const strangers = [...rows.entries, ...rows.executions].map(({ jobId }) => jobId);
    const missing = unique(strangers).filter((id) => !given.has(id) && !this.#world.jobs.has(id));
    const more = missing.length > 0 ? await scheduling.reload({ jobs: missing }) : undefined;
    this.#world.take(
      more ? { ...rows, jobs: [...rows.jobs, ...more.jobs], entries: [...more.entries, ...rows.entries] } : rows,
      false,
      askedAt,
    );
  }

  /** Tells of a version that the world has already. */
  #isKnown(event: EventRow): boolean {
    const about = moves[event.kind];
    const { version } = event.data;
    if (!about || typeof version !== 'number') return false;
    const row = this.#world[about.rows].get(event[about.id] ?? 0);
    return row !== undefined && row.version >= version;
  }
}

function unique(ids: readonly (number | undefined)[]): number[] {
  return [...new Set(ids.filter((id) => id !== undefined))];
}
