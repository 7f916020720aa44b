import {
  watchJob,
  type Connection,
  type EntryFieldsFragment,
  type JobView,
  type ResultFieldsFragment,
} from '@autotest/graphql/client';
import { printable } from '@autotest/core';
import { note } from '../output/print.ts';
import { describeNode } from '../output/result-tree.ts';
import { StatusLine } from '../output/status-line.ts';
import { paint, paintState } from '../output/style.ts';
import { shownNode } from './shown-node.ts';

/**
 * Watches a job to its end and prints what happens as lines on stderr: states of entries, and tests as they end. On a terminal a last line shows what runs
 * right now.
 */
export async function followJob(server: Connection, jobId: string, options: { quiet?: boolean } = {}): Promise<void> {
  const line = new StatusLine();
  const progress = new Progress(options.quiet ? () => undefined : (text) => line.print(text, process.stderr));
  try {
    for await (const { event, view } of watchJob(server, jobId, { onReconnect: () => note('Connected again.') })) {
      // An event brings what it changed: the other results of a large job need no look.
      const entries = event === undefined ? view.entries : [event.entry];
      const results = event === undefined ? view.results.values() : [event.result];
      for (const entry of entries) if (entry) progress.entry(entry);
      for (const result of results) if (result) progress.result(result);
      if (!options.quiet) line.set(describeNow(view, progress.running));
    }
  } finally {
    line.clear();
  }
}

/** Says each thing once, and knows what runs. */
class Progress {
  readonly #print: (line: string) => void;
  readonly #entries = new Map<string, string>();
  readonly #results = new Map<string, string>();
  readonly #running = new Set<string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Path of what began last of all that runs. */
  get running(): string | undefined {
    return [...this.#running].at(-1);
  }

  entry(entry: EntryFieldsFragment): void {
    const text = describeEntry(entry);
    if (this.#entries.get(entry.id) !== text) this.#say(text);
    this.#entries.set(entry.id, text);
  }

  result(result: ResultFieldsFragment): void {
    if (result.outcome === null) {
      this.#running.add(result.path);
      return;
    }
    this.#running.delete(result.path);
    if (this.#results.get(result.id) === result.outcome) return;
    this.#results.set(result.id, result.outcome);
    if (result.node === 'subtest') return;
    this.#say(`${'  '.repeat(result.depth)}${describeNode(shownNode(result), result.path, process.stderr)}`);
  }

  #say(text: string): void {
    this.#print(`${paint('gray', new Date().toTimeString().slice(0, 8), process.stderr)} ${text}`);
  }
}

function describeEntry(entry: EntryFieldsFragment): string {
  const who = entry.host?.name ?? 'any host';
  if (entry.state === 'finished') {
    const cause = entry.cause ? `: ${printable(entry.cause.message)} [${entry.cause.code}]` : '';
    return `${who}: ${paintState(entry.outcome ?? 'finished')}${cause}`;
  }
  const waiting =
    entry.waiting && (entry.state === 'queued' || entry.state === 'ready') ? `: ${entry.waiting.message}` : '';
  return `${who}: ${paintState(entry.state)}${waiting}`;
}

function describeNow(view: JobView, running: string | undefined): string {
  const states = [...Map.groupBy(view.entries, (entry) => entry.state)].map(
    ([state, entries]) => `${entries.length} ${state}`,
  );
  return printable(`${view.job.name}: ${states.join(', ')}${running === undefined ? '' : ` · ${running}`}`);
}
