import { join } from 'node:path';
import { resultOutcomes, type JournalRecord, type RecordBody, type RecordOf, type ResultOutcome } from '@autotest/core';
import { readJournal } from '@autotest/core/node';
import type { Recorder } from '../execution/recorder.ts';
import { clientJournalName, mirrorPath } from './mirror-path.ts';

export interface TakeOverOptions {
  readonly recorder: Recorder;
  readonly resultsDir: string;
  readonly host: string;
  /** Name of the session in file names and in `from`. */
  readonly label: string;
  /** Scope under which the client's nodes stand, `[]` where its control file is the execution's own. */
  readonly scope: readonly string[];
  /** Directory of the host's files below the results directory, `''` for none. */
  readonly below: string;
  /** Gives the client's outermost nodes the names they have in the scope; absent where the client's control file is the execution's own. */
  readonly rename?: (name: string) => string;
}

/**
 * Takes the records of a client's mirrored journal over into the execution's own: each exactly once, in order, whatever breaks. What was taken over is
 * known from the execution's own journal, so nothing needs to be kept elsewhere.
 */
export class TakeOver {
  readonly #options: TakeOverOptions;
  readonly #file: string;
  #offset = 0;
  #lastSeq: number;
  /** The client's last record: how it says it went. */
  end: RecordOf<'end'> | undefined;
  jobEnd: RecordOf<'job.end'> | undefined;
  /** The client wants to be started again after a reboot that it asked for. */
  rebootStarted: RecordOf<'reboot'> | undefined;
  /** The client's last start. */
  boot: RecordOf<'boot'> | undefined;

  constructor(options: TakeOverOptions) {
    this.#options = options;
    this.#file = join(options.resultsDir, clientJournalName(options.label));
    this.#lastSeq = options.recorder.takenOver(options.label);
  }

  /** Takes what the mirrored journal has got since. Gives true when there was something. @throws JournalWriteError */
  advance(): boolean {
    let moved = false;
    for (;;) {
      const { records, problems, nextOffset, more } = readJournal(this.#file, this.#offset);
      for (const { message } of problems) {
        this.#options.recorder.append({ kind: 'problem', source: `journal of ${this.#options.label}`, message });
      }
      for (const record of records) this.#take(record);
      moved ||= nextOffset > this.#offset;
      this.#offset = nextOffset;
      if (!more) return moved;
    }
  }

  #take(record: JournalRecord): void {
    this.#know(record);
    if (record.seq <= this.#lastSeq) return;
    if (record.seq > this.#lastSeq + 1) {
      const message = `records ${this.#lastSeq + 1} to ${record.seq - 1} are missing`;
      this.#options.recorder.append({ kind: 'problem', source: `journal of ${this.#options.label}`, message });
    }
    this.#lastSeq = record.seq;
    const { host, label, scope } = this.#options;
    const body = this.#bodyOf(record);
    if (!body) return;
    const from = { host, seq: record.seq, ...(label !== host && { session: label }) };
    const [first, ...rest] = record.scope;
    const own = first === undefined ? [] : [this.#options.rename?.(first) ?? first, ...rest];
    this.#options.recorder.append(body, [...scope, ...own], { from, t: record.t });
    // The client waited for its disk at step ends; so must whoever says that it has them.
    if (record.kind === 'step' || record.kind === 'node.end') this.#options.recorder.sync();
  }

  #know(record: JournalRecord): void {
    if (record.kind === 'end') this.end = record;
    if (record.kind === 'job.end') this.jobEnd = record;
    if (record.kind === 'boot') {
      this.boot = record;
      this.rebootStarted = undefined;
    }
    if (record.kind === 'reboot') this.rebootStarted = record.event === 'start' ? record : undefined;
  }

  /** The record as it stands in the execution's journal; undefined for what the execution says itself. */
  #bodyOf(record: JournalRecord): RecordBody | undefined {
    const { v: _v, seq: _seq, t: _t, epoch: _epoch, scope: _scope, from: _from, ...body } = record;
    const { scope, host, rename } = this.#options;
    switch (body.kind) {
      case 'job.start':
      case 'end':
        return undefined;
      case 'job.end':
        // Below another node it is that node which ends.
        return scope.length === 0 && !rename ? { ...body, outcome: known(body.outcome) } : undefined;
      case 'node.start':
        return { ...withSubdir(body, this.#subdir(body.subdir)), host };
      case 'node.end':
        return { ...body, outcome: known(body.outcome) };
      case 'node.result':
        return { ...withSubdir(body, this.#subdir(body.subdir)), outcome: known(body.outcome) };
      case 'artifact': {
        const path = this.#subdir(body.path);
        return path === undefined ? undefined : { ...body, path };
      }
      case 'phase':
      case 'reboot':
      case 'fault':
      case 'warnings':
        return { ...body, host };
      case 'iteration':
      case 'metric':
      case 'keyval':
      case 'step':
      case 'step.start':
      case 'boot':
      case 'problem':
      case 'info':
        return body;
      default:
        // What only autoserv may say (a host key, an abort) is not believed to a host.
        return {
          kind: 'problem',
          source: `journal of ${this.#options.label}`,
          message: `record of kind ${JSON.stringify(body.kind)} refused`,
        };
    }
  }

  /** Where the mirror put what the client calls so; undefined when that is nowhere. */
  #subdir(path: unknown): string | undefined {
    return typeof path === 'string' ? mirrorPath(path, this.#options.label, this.#options.below) : undefined;
  }
}

function withSubdir<T extends { readonly subdir?: string }>(
  body: T,
  subdir: string | undefined,
): Omit<T, 'subdir'> & { subdir?: string } {
  const { subdir: _, ...rest } = body;
  return subdir === undefined ? rest : { ...rest, subdir };
}

/** Outcomes are data of a stranger too. */
function known(outcome: ResultOutcome): ResultOutcome {
  return resultOutcomes.includes(outcome) ? outcome : 'unknown';
}
