import { kernelOfFields } from './kernel.ts';
import { isOwnLine, openLevel, timestampOf, type Level } from './level.ts';
import { parseStatusLine, type ParseLineOptions, type StatusEntry } from './line.ts';
import { ProblemReporter } from './problems.ts';
import { joinReasons, newStanding, note, noteInner, type Standing } from './reasons.ts';
import { isAtLeastAsBad, isClassicFailure, meaningOf, type ClassicStatus, type CodeMeaning } from './status.ts';
import {
  unknownKernel,
  type ClassicKernel,
  type StatusLogParser,
  type StatusLogSink,
  type StatusLogSummary,
  type StatusVerdict,
} from './verdict.ts';

export interface StatusParserOptions extends ParseLineOptions {
  /** Reason of what is still open at the end of the log. @default 'Job aborted unexpectedly' */
  readonly unfinishedReason?: string;
}

const maxDepth = 100;

/**
 * Reads a status log of version 1.
 *
 * State is a stack of levels, one per open START (see level.ts). A line belongs where its indent says: START, STATUS and INFO
 * at the depth of the stack, END one less. A line with less indent first aborts the levels it leaves open; one with more is
 * reported and left out, except for a nameless `END ABORT` one step too deep, which a server writes when the client of a
 * running test dies: it aborts that test.
 *
 * Verdicts: a named START up to its END; a named STATUS line where no test is running, or inside a group; a client job.
 * Every level keeps its own status, so a line says nothing about its neighbours; an inner test makes the one around it as bad
 * as itself. Memory does not grow with the log.
 */
export class StatusParserV1 implements StatusLogParser {
  readonly #sink: StatusLogSink;
  readonly #options: StatusParserOptions;
  readonly #problems: ProblemReporter;
  readonly #levels: Level[] = [];
  #lines = 0;
  #nextId = 1;
  #clients = 0;
  #reboots = 0;
  #kernel: ClassicKernel = unknownKernel;
  #lastTime: number | null = null;
  #abortReason = '';
  #aborted = false;

  constructor(sink: StatusLogSink, options: StatusParserOptions = {}) {
    this.#sink = sink;
    this.#options = options;
    this.#problems = new ProblemReporter(sink);
  }

  feed(text: string): void {
    this.#lines++;
    const parsed = parseStatusLine(text, this.#options);
    if (parsed.kind === 'bad') this.#problems.report(this.#lines, text, parsed.why);
    if (parsed.kind === 'entry') this.#take(parsed.entry, text);
  }

  end(): StatusLogSummary {
    const unfinished = this.#levels.length > 0;
    const reason = this.#options.unfinishedReason ?? 'Job aborted unexpectedly';
    while (this.#levels.length > 0) {
      this.#abortDeepest(reason, this.#lastTime, 'the log ended before this did');
    }
    return {
      lines: this.#lines,
      abortReason: this.#abortReason,
      kernel: this.#kernel,
      unfinished,
      aborted: this.#aborted,
    };
  }

  #take(entry: StatusEntry, text: string): void {
    const time = timestampOf(entry);
    const given = entry.fields['timestamp'];
    if (time === null && given !== undefined) this.#problems.report(this.#lines, text, 'time is not a whole number');
    this.#lastTime = time;
    const meaning = meaningOf(entry.code);
    const isEnd = meaning.type === 'END';
    const expected = isEnd ? this.#levels.length - 1 : this.#levels.length;
    if (entry.indent > expected) {
      this.#takeTooDeep(entry, text, expected);
      return;
    }
    const depth = isEnd ? entry.indent + 1 : entry.indent;
    while (this.#levels.length > depth) {
      this.#abortDeepest(entry.message, time, 'a line with less indent came before its END');
    }
    this.#apply(entry, meaning, text);
  }

  #apply(entry: StatusEntry, meaning: CodeMeaning, text: string): void {
    if (meaning.type === 'START') this.#start(entry, text);
    else if (meaning.type === 'INFO') this.#info(entry);
    else if (meaning.type === 'END') this.#finish(entry, meaning.status, text);
    else this.#status(entry, meaning.status);
  }

  #takeTooDeep(entry: StatusEntry, text: string, expected: number): void {
    const level = this.#levels.at(-1);
    const nameless = entry.subdir === null && entry.operation === null;
    if (level && nameless && entry.code === 'END ABORT' && entry.indent === expected + 1) {
      this.#problems.report(this.#lines, text, 'taken as an abort of what was running: no START of its own');
      note(ownerOf(level).standing, 'ABORT', entry.message);
      return;
    }
    this.#problems.report(this.#lines, text, expected < 0 ? 'END without a START' : 'indented deeper than expected');
  }

  #start(entry: StatusEntry, text: string): void {
    if (this.#levels.length >= maxDepth) {
      this.#problems.report(this.#lines, text, `more than ${maxDepth} levels`);
      return;
    }
    const place = { id: this.#nextId, line: this.#lines, clientName: `CLIENT_JOB.${this.#clients}` };
    const level = openLevel(entry, this.#running(), place);
    this.#levels.push(level);
    if (level.kind === 'inner') return;
    this.#nextId++;
    if (level.kind === 'client') this.#clients++;
    else if (entry.message !== '') level.standing.reasons.add(entry.message);
    this.#sink.onStart?.(this.#verdict(level, level.name, 'RUNNING', joinReasons(level.standing.reasons), null));
  }

  #info(entry: StatusEntry): void {
    if (entry.fields['kernel'] !== undefined) this.#kernel = kernelOfFields(entry.fields);
    const reason = entry.fields['job_abort_reason'];
    if (reason === undefined) return;
    this.#abortReason = reason;
    if (reason !== '') this.#aborted = true;
  }

  #status(entry: StatusEntry, status: ClassicStatus): void {
    const running = this.#running();
    if (running && isOwnLine(entry, running)) {
      note(running.standing, status, entry.message);
      if (entry.subdir !== null && running.subdir === null) running.subdir = entry.subdir;
      return;
    }
    if (entry.subdir === null && entry.operation === null) {
      if (status === 'ABORT') this.#aborted = true;
      this.#noteClient(status, entry.message);
      return;
    }
    this.#sink.onTest({
      id: this.#nextId++,
      parent: running?.id ?? null,
      subdir: entry.subdir,
      testname: entry.operation ?? entry.subdir ?? '',
      status,
      reason: entry.message,
      kernel: this.#kernel,
      started: null,
      finished: timestampOf(entry),
    });
    const standing = newStanding();
    note(standing, status, entry.message);
    this.#noteAround(running, standing);
  }

  #finish(entry: StatusEntry, status: ClassicStatus, text: string): void {
    const level = this.#levels.pop();
    if (!level) return;
    if (entry.operation !== null && entry.operation !== level.operation) {
      this.#problems.report(this.#lines, text, `ends "${entry.operation}", but "${level.name}" is open`);
    }
    this.#close(level, status, entry.message, timestampOf(entry), entry.fields);
  }

  #abortDeepest(reason: string, time: number | null, why: string): void {
    const level = this.#levels.pop();
    if (!level) return;
    this.#problems.report(level.line, level.name, why);
    this.#close(level, 'ABORT', reason, time, {});
  }

  #close(
    level: Level,
    status: ClassicStatus,
    message: string,
    time: number | null,
    fields: StatusEntry['fields'],
  ): void {
    const { standing } = level;
    if (level.kind === 'inner') {
      if (level.parent) note(level.parent.standing, status, message);
      return;
    }
    note(standing, status, standing.reasons.size === 0 ? message : '');
    if (level.kind === 'client') {
      this.#closeClient(level, joinReasons(standing.reasons) || message, time);
      return;
    }
    let testname = level.name;
    if (level.operation === 'reboot') {
      testname = `boot.${this.#reboots++}`;
      if (!isClassicFailure(standing.status)) this.#kernel = kernelOfFields(fields);
    }
    this.#sink.onTest(this.#verdict(level, testname, standing.status, joinReasons(standing.reasons), time));
    this.#noteAround(level.parent, standing);
  }

  /** What a test that has ended means for the one around it; between tests, it ends what nameless lines had to say. */
  #noteAround(around: Level | null, inner: Standing): void {
    if (around) noteInner(around.standing, inner);
    else this.#levels.at(-1)?.standing.reasons.clear();
  }

  /** A nameless line between tests: the last one before the end of the client job is its reason. */
  #noteClient(status: ClassicStatus, message: string): void {
    const client = this.#levels.at(-1);
    if (!client) return;
    if (message !== '' && isAtLeastAsBad(status, client.standing.status)) client.standing.reasons.clear();
    note(client.standing, status, message);
  }

  /** A client job has not failed because of what its tests said. */
  #closeClient(level: Level, reason: string, time: number | null): void {
    const { standing } = level;
    const bad = isAtLeastAsBad(standing.status, 'ABORT');
    if (standing.status === 'ABORT') this.#aborted = true;
    this.#sink.onTest(this.#verdict(level, level.name, bad ? standing.status : 'GOOD', reason, time));
  }

  #verdict(
    level: Level,
    testname: string,
    status: ClassicStatus,
    reason: string,
    finished: number | null,
  ): StatusVerdict {
    const { id, parent, subdir, started } = level;
    const kernel = this.#kernel;
    return { id, parent: parent?.id ?? null, subdir, testname, status, reason, kernel, started, finished };
  }

  /** Deepest open test or group. */
  #running(): Level | null {
    const level = this.#levels.at(-1);
    if (!level || level.kind === 'client') return null;
    return ownerOf(level);
  }
}

function ownerOf(level: Level): Level {
  return level.kind === 'inner' && level.parent ? level.parent : level;
}
