import { messageOf } from '@autotest/core';
import type { Change, EntryRow } from '@autotest/core/db';
import type { Tracing } from '@autotest/core/telemetry';
import type { Settings } from '../options.ts';
import { traceJob } from './trace-job.ts';

/** Entries whose spans wait to be written; what comes beyond is left out. */
const maxWaiting = 10_000;
const maxTasks = 50;
const maxNodes = 500;

interface Ended {
  readonly entry: EntryRow;
  /** Of several entries of one execution, one tells of it. */
  readonly executionIds: readonly number[];
}

/** Writes the spans of entries that ended, one after the other beside everything else: rows are read for them again, and nobody waits for it. */
export class EndedEntries {
  readonly #settings: Settings;
  readonly #tracing: Tracing;
  #waiting: Ended[] = [];
  #running: Promise<void> | undefined;

  constructor(settings: Settings, tracing: Tracing) {
    this.#settings = settings;
    this.#tracing = tracing;
  }

  /** Takes the entries that ended with a change. */
  note(change: Change): void {
    const told = new Set<number>();
    for (const { before, after } of change.entries.values()) {
      if (after.state !== 'finished' || this.#waiting.length >= maxWaiting) continue;
      const executionId = after.executionId ?? before.executionId;
      const isFirst = executionId !== undefined && !told.has(executionId);
      if (isFirst) told.add(executionId);
      this.#waiting.push({ entry: after, executionIds: isFirst ? [executionId] : [] });
    }
    if (this.#waiting.length > 0) this.#running ??= this.#run();
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let ended = this.#waiting.shift(); ended; ended = this.#waiting.shift())
      await this.#write(ended).catch((error: unknown) => {
        this.#settings.log.warn('the spans of an entry were not written', { reason: messageOf(error) });
      });
    this.#running = undefined;
  }

  async #write({ entry, executionIds }: Ended): Promise<void> {
    const { jobs, lookup, results } = this.#settings.database;
    const job = await jobs.byId(entry.jobId);
    if (!job) return;
    const hostIds = [...new Set([...entry.triedHostIds, ...(entry.hostId === undefined ? [] : [entry.hostId])])];
    const tasks = await Promise.all(hostIds.map((hostId) => jobs.tasksOf({ hostId, first: maxTasks })));
    // Of a job with one entry, all attempts; of others the last one, as it would be looked for among thousands.
    const executions =
      job.entryCount === 1 ? await jobs.executions(job.id) : [...(await lookup.executions(executionIds)).values()];
    const nodes = await Promise.all(
      executions.map(({ id }) => results.nodes({ executionId: id, kinds: ['test', 'command'], first: maxNodes })),
    );
    traceJob(this.#tracing, {
      job,
      entry,
      tasks: tasks.flat().filter(({ entryId }) => entryId === entry.id),
      executions,
      nodes: nodes.flat(),
    });
  }
}
