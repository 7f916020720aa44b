import {
  watchJob,
  type Connection,
  type EntryFieldsFragment,
  type JobView,
  type ResultFieldsFragment,
} from '@autotest/graphql/client';
import { formatDuration } from '@autotest/core';
import { note } from '../output/print.ts';
import { StatusLine } from '../output/status-line.ts';
import { outcomeMark, paint, paintState } from '../output/style.ts';

/**
 * Watches a job to its end and prints what happens as lines on stderr: states of entries, and tests as they end. On a terminal a last line shows what runs
 * right now.
 *
 * @returns the job as it ended, or as it was when the signal fired
 */
export async function followJob(
  server: Connection,
  jobId: string,
  options: { quiet?: boolean; signal?: AbortSignal } = {},
): Promise<JobView> {
  const line = new StatusLine();
  const progress = new Progress(options.quiet ? () => undefined : (text) => line.print(text, process.stderr));
  const onReconnect = () => note('Connected again.');
  let last: JobView | undefined;
  try {
    for await (const { view } of watchJob(server, jobId, { signal: options.signal, onReconnect })) {
      last = view;
      progress.show(view);
      if (!options.quiet) line.set(describeNow(view));
    }
  } catch (error) {
    if (!options.signal?.aborted || last === undefined) throw error;
  } finally {
    line.clear();
  }
  if (last === undefined) throw new Error(`The watch of job ${jobId} ended before it began.`);
  return last;
}

/** Says each thing once. */
class Progress {
  readonly #print: (line: string) => void;
  readonly #entries = new Map<string, string>();
  readonly #results = new Map<string, string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  show(view: JobView): void {
    for (const entry of view.entries) {
      const text = describeEntry(entry);
      if (this.#entries.get(entry.id) !== text) this.#print(`${paint('gray', clock(), process.stderr)} ${text}`);
      this.#entries.set(entry.id, text);
    }
    for (const result of view.results.values()) {
      if (result.outcome === null || this.#results.get(result.id) === result.outcome) continue;
      this.#results.set(result.id, result.outcome);
      if (result.node === 'subtest') continue;
      this.#print(`${paint('gray', clock(), process.stderr)} ${describeResult(result)}`);
    }
  }
}

function describeEntry(entry: EntryFieldsFragment): string {
  const who = entry.host?.name ?? 'any host';
  if (entry.state === 'finished') {
    const cause = entry.cause ? `: ${entry.cause.message} [${entry.cause.code}]` : '';
    return `${who}: ${paintState(entry.outcome ?? 'finished')}${cause}`;
  }
  const waiting =
    entry.waiting && (entry.state === 'queued' || entry.state === 'ready') ? `: ${entry.waiting.message}` : '';
  return `${who}: ${paintState(entry.state)}${waiting}`;
}

function describeResult(result: ResultFieldsFragment): string {
  const time =
    result.startedAt && result.endedAt
      ? ` ${formatDuration(Date.parse(result.endedAt) - Date.parse(result.startedAt))}`
      : '';
  const reason = result.reason && result.outcome !== 'pass' ? `: ${result.reason.split('\n', 1)[0]}` : '';
  return `${'  '.repeat(result.depth)}${outcomeMark(result.outcome)} ${result.path}${paint('gray', time, process.stderr)}${reason}`;
}

function describeNow(view: JobView): string {
  const running = [...view.results.values()].filter((result) => result.outcome === null).map((result) => result.path);
  const states = [...Map.groupBy(view.entries, (entry) => entry.state)].map(
    ([state, entries]) => `${entries.length} ${state}`,
  );
  return `${view.job.name}: ${states.join(', ')}${running.length > 0 ? ` · ${running.at(-1)}` : ''}`;
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
