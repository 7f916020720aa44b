import { isOwnLine, openLevel, timestampOf, type Level } from './level.ts';
import { parseStatusLine, type ParseLineOptions, type StatusEntry } from './line.ts';
import { ProblemReporter } from './problems.ts';
import { joinReasons, newStanding, note, noteInner } from './reasons.ts';
import { isAtLeastAsBad, meaningOf, type ClassicStatus } from './status.ts';
import {
  unknownKernel,
  type ClassicKernel,
  type StatusLogParser,
  type StatusLogSink,
  type StatusLogSummary,
  type StatusVerdict,
} from './verdict.ts';

export interface StatusParserV0Options extends ParseLineOptions {
  /** Kernel of the job: from its build log or its sysinfo. @default UNKNOWN */
  readonly kernel?: ClassicKernel;
  /** A build log names the kernel, so the reason of `reboot.verify` does not. @default false */
  readonly kernelIsBuilt?: boolean;
}

const maxDepth = 100;

/**
 * Reads a status log of version 0, the grammar before job-level lines had a meaning.
 *
 * A test is what ends, or is said, at the sought level: 1 inside of a nameless START, else 0. Its reason is that of its last
 * line. A directory comes from the lines inside, not from START. `reboot.verify` makes the test `boot.N`; the END of a reboot
 * group and a good `Autotest.install` make none. An ALERT waits for the next test at the top.
 *
 * Unlike the original it reads INFO lines as what they are, nothing, and keeps tests inside of groups apart.
 */
export class StatusParserV0 implements StatusLogParser {
  readonly #sink: StatusLogSink;
  readonly #options: StatusParserV0Options;
  readonly #problems: ProblemReporter;
  #levels: Level[] = [];
  #lines = 0;
  #nextId = 1;
  #soughtLevel = 0;
  #boots = 0;
  #bootStarted: number | null = null;
  #bootInProgress = false;
  #pendingAlert: string | null = null;
  #kernel: ClassicKernel;
  #aborted = false;

  constructor(sink: StatusLogSink, options: StatusParserV0Options = {}) {
    this.#sink = sink;
    this.#options = options;
    this.#problems = new ProblemReporter(sink);
    this.#kernel = options.kernel ?? unknownKernel;
  }

  feed(text: string): void {
    this.#lines++;
    const parsed = parseStatusLine(text, this.#options);
    if (parsed.kind === 'bad') this.#problems.report(this.#lines, text, parsed.why);
    if (parsed.kind !== 'entry') return;
    const { entry } = parsed;
    const meaning = meaningOf(entry.code);
    if (meaning.type === 'START') this.#start(entry, text);
    else if (meaning.type === 'END') this.#finish(entry, meaning.status, text);
    else if (meaning.type === 'STATUS') this.#status(entry, meaning.status, text);
  }

  end(): StatusLogSummary {
    const unfinished = this.#levels.length > 0 || this.#soughtLevel > 0;
    for (const level of this.#levels) this.#problems.report(level.line, level.name, 'the log ended before this did');
    this.#levels = [];
    if (this.#bootInProgress) {
      const reason = 'machine did not return from reboot';
      this.#emit({ testname: `boot.${this.#boots}`, status: 'ABORT', reason, started: null, finished: null });
    }
    return { lines: this.#lines, abortReason: '', kernel: this.#kernel, unfinished, aborted: this.#aborted };
  }

  #start(entry: StatusEntry, text: string): void {
    if (isNameless(entry) && this.#levels.length === 0) {
      this.#soughtLevel = 1;
      return;
    }
    if (this.#levels.length >= maxDepth) {
      this.#problems.report(this.#lines, text, `more than ${maxDepth} levels`);
      return;
    }
    this.#closeUnended(entry.indent);
    const running = this.#running();
    const level = openLevel(entry, running, { id: this.#nextId, line: this.#lines, clientName: '' });
    // Tests and groups are told apart by START, but the directory is that of the lines inside.
    level.subdir = null;
    this.#levels.push(level);
    if (level.kind !== 'inner' && level.operation !== 'reboot') this.#nextId++;
  }

  #status(entry: StatusEntry, status: ClassicStatus, text: string): void {
    if (status === 'ALERT') {
      this.#pendingAlert = entry.message;
      return;
    }
    const running = this.#running();
    if (isNameless(entry)) {
      if (running) note(running.standing, status, entry.message);
      else if (status === 'ABORT') this.#emit({ ...instant(entry, 'CLIENT_JOB', status), subdir: null });
      if (!running && status === 'ABORT') this.#aborted = true;
      return;
    }
    if (entry.operation === 'Autotest.install' && status === 'GOOD') return;
    if (this.#reboot(entry, status)) return;
    if (!running) {
      if (entry.indent === this.#soughtLevel || status === 'ABORT') {
        this.#emit(instant(entry, testnameOf(entry.operation, entry.subdir), status));
      } else this.#problems.report(this.#lines, text, 'indented differently than tests are');
      return;
    }
    if (isOwnLine(entry, running)) {
      note(running.standing, status, entry.message);
      if (entry.subdir !== null) running.subdir = entry.subdir;
      return;
    }
    this.#emit(instant(entry, testnameOf(entry.operation, entry.subdir), status), running);
    const standing = newStanding();
    note(standing, status, entry.message);
    noteInner(running.standing, standing);
  }

  /** Reboots are told by their steps, at any depth. True where the line was one. */
  #reboot(entry: StatusEntry, status: ClassicStatus): boolean {
    if (entry.operation === 'reboot.start') {
      this.#bootStarted = timestampOf(entry);
      this.#bootInProgress = true;
      return true;
    }
    if (entry.operation !== 'reboot.verify') return false;
    this.#bootInProgress = false;
    const base = entry.message.trim();
    if (!this.#options.kernelIsBuilt && base !== '') this.#kernel = { base, patches: [] };
    const test = instant(entry, `boot.${this.#boots++}`, status);
    const running = this.#running();
    const parent = running?.operation === 'reboot' ? running.parent : running;
    this.#emit({ ...test, subdir: null, started: this.#bootStarted }, parent);
    if (running) note(running.standing, status, '');
    return true;
  }

  #finish(entry: StatusEntry, status: ClassicStatus, text: string): void {
    this.#closeUnended(entry.indent + 1);
    if (isNameless(entry) && this.#levels.length === 0) {
      this.#soughtLevel = 0;
      if (status === 'ABORT') this.#aborted = true;
      return;
    }
    const level = this.#levels.at(-1);
    if (isNameless(entry) && level?.kind !== 'inner') {
      // No START of its own: the client of a running test has died.
      if (level) note(level.standing, status, entry.message);
      return;
    }
    this.#levels.pop();
    if (entry.operation === 'reboot') {
      if (level?.parent) noteInner(level.parent.standing, level.standing);
      return;
    }
    if (!level) this.#problems.report(this.#lines, text, 'END without a START');
    if (!level?.parent && entry.indent !== this.#soughtLevel) {
      this.#problems.report(this.#lines, text, 'indented differently than tests are');
      return;
    }
    const standing = level?.standing ?? newStanding();
    note(standing, status, '');
    if (level?.parent) noteInner(level.parent.standing, standing);
    if (level?.kind === 'inner') return;
    const subdir = level?.subdir ?? null;
    const testname = testnameOf(entry.operation ?? level?.operation ?? null, subdir);
    const { started = null, id } = level ?? {};
    const verdict = { testname, subdir, status: standing.status, reason: entry.message, started };
    this.#emit({ ...verdict, finished: timestampOf(entry) }, level?.parent ?? null, id);
  }

  /** Levels opened at or below an indent at which something else begins or ends never got their END. */
  #closeUnended(indent: number): void {
    const bottom = Math.max(0, indent - this.#soughtLevel);
    while (this.#levels.length > bottom) {
      const level = this.#levels.pop();
      if (level) this.#problems.report(level.line, level.name, 'a line with less indent came before its END');
    }
  }

  #running(): Level | null {
    const level = this.#levels.at(-1);
    return level?.kind === 'inner' ? level.parent : (level ?? null);
  }

  #emit(test: NewVerdict, parent: Level | null = null, id?: number): void {
    const verdict = { subdir: null, kernel: this.#kernel, parent: parent?.id ?? null, ...test };
    this.#sink.onTest({ ...(parent ? verdict : this.#alerted(verdict)), id: id ?? this.#nextId++ });
  }

  /** A held ALERT goes to the next test: it never makes a bad one better. */
  #alerted<T extends NewVerdict>(test: T): T {
    const alert = this.#pendingAlert;
    if (alert === null) return test;
    this.#pendingAlert = null;
    const status = isAtLeastAsBad(test.status, 'WARN') ? test.status : 'ALERT';
    return { ...test, status, reason: joinReasons(new Set([alert, test.reason].filter((text) => text !== ''))) };
  }
}

type NewVerdict = Omit<StatusVerdict, 'id' | 'parent' | 'kernel' | 'subdir'> & { subdir?: string | null };

function instant(entry: StatusEntry, testname: string, status: ClassicStatus): NewVerdict {
  const { subdir, message } = entry;
  return { testname, subdir, status, reason: message, started: null, finished: timestampOf(entry) };
}

/** The directory is the better name where it carries a tag. */
function testnameOf(operation: string | null, subdir: string | null): string {
  const name = operation ?? subdir ?? '----';
  if (/^(?:boot(?:\.\d+)?$|kernel\.)/.test(name)) return name;
  return subdir?.includes('.') ? subdir : name;
}

function isNameless(entry: StatusEntry): boolean {
  return entry.subdir === null && entry.operation === null;
}
