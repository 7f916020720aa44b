import { worstOutcome, type ResultOutcome } from '@autotest/core';
import {
  boundedSink,
  cutName,
  cutReason,
  formatLimits,
  type FormatReader,
  type FormatSink,
  type ReadNode,
} from './format-reader.ts';
import { LineSplitter } from './line-splitter.ts';
import { readTapLine, type TapLine } from './tap-line.ts';

interface Entry {
  readonly name: string;
  outcome: ResultOutcome;
  original?: ResultOutcome | undefined;
  reason?: string | undefined;
  durationMs?: number | undefined;
  readonly children: readonly ReadNode[];
}

/** Results of one nesting level, until the result line of the level above takes them as its subtests. */
interface Level {
  readonly indent: number;
  readonly entries: Entry[];
  plan?: number | undefined;
  skip?: string | undefined;
  count: number;
}

/**
 * Reads TAP 12 to 14 or KTAP. Subtests come before the line of their parent, so a level is kept until that line; results of the top level are
 * given away one by one.
 */
export class TapReader implements FormatReader {
  readonly #dialect: 'tap' | 'ktap';
  readonly #sink: FormatSink & { readonly nodeCount: number };
  readonly #lines: LineSplitter;
  readonly #levels: Level[] = [{ indent: 0, entries: [], count: 0 }];
  #last: Entry | undefined;
  #yaml: string[] | undefined;
  #bailed = false;
  #total = 0;
  #kept = 0;

  constructor(dialect: 'tap' | 'ktap', sink: FormatSink) {
    this.#dialect = dialect;
    this.#sink = boundedSink(sink);
    this.#lines = new LineSplitter(
      (line) => this.#line(line),
      (limit) => this.#sink.problem(`a line is longer than ${limit} characters and was cut`),
    );
  }

  write(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (this.#total <= formatLimits.totalBytes) this.#lines.write(chunk);
  }

  end(): void {
    this.#lines.end();
    if (this.#total > formatLimits.totalBytes)
      this.#sink.node(
        broken('too much output', `Output has ${this.#total} bytes; ${formatLimits.totalBytes} were read`),
      );
    const top = this.#levels[0]!;
    if (this.#levels.length > 1) {
      // Children whose parent's line never came.
      const orphans = this.#finish(1);
      if (orphans.length > 0) {
        const reason = 'The output ended inside a subtest: its own result is missing';
        this.#sink.node({ name: 'unfinished subtest', outcome: 'error', reason, children: orphans });
      }
    }
    this.#giveAway();
    if (this.#bailed) return;
    if (top.plan === undefined && top.count === 0)
      return this.#sink.node(broken('no results', 'The output holds no results'));
    const mismatch = this.#mismatch(top);
    if (mismatch) this.#sink.node(mismatch);
  }

  #line(line: string): void {
    if (this.#bailed) return;
    if (this.#yaml) return this.#yamlLine(line);
    const parsed = readTapLine(line, this.#dialect);
    switch (parsed.kind) {
      case 'plan':
        return this.#plan(parsed);
      case 'result':
        return this.#result(parsed);
      case 'bail':
        this.#bailed = true;
        this.#giveAway();
        return this.#sink.node(broken('Bail out!', parsed.reason || 'The test program gave up'));
      case 'yamlStart':
        this.#yaml = [];
        return undefined;
      case 'version':
        if (parsed.indent > 0) this.#levelAt(parsed.indent);
        return undefined;
      case 'comment':
      case 'other':
    }
    return undefined;
  }

  #plan({ indent, count, skip }: Extract<TapLine, { kind: 'plan' }>): void {
    const level = this.#levelAt(indent);
    if (!level) return;
    if (level.plan !== undefined) this.#sink.problem(`a second plan 1..${count}`);
    level.plan ??= count;
    level.skip ??= skip ?? (count === 0 ? 'no tests planned' : undefined);
    if (count === 0 && level === this.#levels[0])
      this.#sink.node({ name: 'all tests', outcome: 'skip', reason: cutReason(level.skip ?? ''), children: [] });
  }

  #result(line: Extract<TapLine, { kind: 'result' }>): void {
    const level = this.#levelAt(line.indent);
    if (!level) return;
    const depth = this.#levels.indexOf(level);
    const children = this.#finish(depth + 1);
    level.count += 1;
    if (line.number !== undefined && line.number !== level.count)
      this.#sink.problem(`result number ${line.number} came as the ${level.count}. of its level`);
    if (level === this.#levels[0]) this.#giveAway();
    this.#kept += 1;
    if (this.#kept > formatLimits.nodes) return;
    const entry: Entry = { name: cutName(line.name) || `test ${level.count}`, ...outcomeOf(line), children };
    // A parent that says ok above a subtest that failed hides nothing.
    const below = worstOutcome(children.map(({ outcome }) => outcome));
    if (entry.outcome === 'pass' && below !== undefined && below !== 'pass' && below !== 'skip' && below !== 'warn') {
      entry.original = 'pass';
      entry.outcome = below;
      entry.reason = 'says ok above a subtest that is not';
    }
    level.entries.push(entry);
    this.#last = entry;
  }

  /** The level of an indentation: the innermost that is not deeper, or a new one. */
  #levelAt(indent: number): Level | undefined {
    const at = this.#levels.findLastIndex((level) => level.indent <= indent);
    const level = this.#levels[at];
    if (level && level.indent === indent) return level;
    if (at + 1 >= formatLimits.depth) {
      this.#sink.problem(`nested deeper than ${formatLimits.depth} levels`);
      return undefined;
    }
    const inner = this.#levels[at + 1];
    // A line between two known levels belongs to the inner one.
    if (inner && inner.entries.length > 0) return inner;
    const made: Level = { indent, entries: [], count: 0 };
    this.#levels.splice(at + 1, this.#levels.length, made);
    return made;
  }

  /** Ends the levels from `depth` on; gives the results of that level, with those of deeper ones that found no parent. */
  #finish(depth: number): ReadNode[] {
    const levels = this.#levels.splice(depth);
    let below: ReadNode[] = [];
    for (const level of levels.toReversed()) {
      const mismatch = this.#mismatch(level);
      const orphans =
        below.length > 0
          ? [
              {
                name: 'unfinished subtest',
                outcome: 'error' as const,
                reason: 'Its own result is missing',
                children: below,
              },
            ]
          : [];
      below = [...level.entries, ...orphans, ...(mismatch ? [mismatch] : [])];
    }
    return below;
  }

  #mismatch(level: Level): ReadNode | undefined {
    const { plan, count } = level;
    if (plan === count) return undefined;
    if (plan !== undefined) return broken('plan', `${plan} tests were planned, ${count} came`);
    if (this.#dialect === 'ktap' && level !== this.#levels[0] && count > 0) {
      this.#sink.problem(`a subtest has ${count} results and no plan`);
      return undefined;
    }
    return count === 0
      ? undefined
      : broken('plan', `There is no plan: the output may have been cut after ${count} results`);
  }

  #giveAway(): void {
    const top = this.#levels[0]!;
    for (const entry of top.entries.splice(0)) this.#sink.node(entry);
  }

  #yamlLine(line: string): void {
    if (/^\s*\.\.\.\s*$/.test(line) || (this.#yaml?.length ?? 0) > 1000) {
      this.#takeYaml(this.#yaml ?? []);
      this.#yaml = undefined;
    } else this.#yaml?.push(line);
  }

  #takeYaml(lines: readonly string[]): void {
    if (!this.#last) return;
    for (const line of lines) {
      const match = /^\s*(duration_ms|message|error|failureType|severity):\s*(.+)$/.exec(line);
      const text = match?.[2]?.replace(/^(["'])(.*)\1$/, '$2').trim() ?? '';
      if (match?.[1] === 'duration_ms' && Number(text) >= 0) this.#last.durationMs ??= Math.round(Number(text));
      else if ((match?.[1] === 'message' || match?.[1] === 'error') && !/^[|>][+-]?$/.test(text))
        this.#last.reason ??= this.#last.outcome === 'pass' ? undefined : cutReason(text);
    }
  }
}

function outcomeOf({
  ok,
  directive,
}: Extract<TapLine, { kind: 'result' }>): Pick<Entry, 'outcome' | 'original' | 'reason'> {
  const reason = directive?.text ? cutReason(directive.text) : undefined;
  const said: ResultOutcome = ok ? 'pass' : 'fail';
  switch (directive?.word) {
    case 'skip':
      // Some programs write `not ok` for what they skipped.
      return { outcome: 'skip', reason };
    case 'todo':
    case 'xfail':
      return ok
        ? { outcome: 'pass', reason }
        : { outcome: 'warn', original: 'fail', reason: reason ?? 'a known failure' };
    case 'xpass':
      return { outcome: 'warn', original: said, reason: reason ?? 'passed, and was not expected to' };
    case 'timeout':
      return { outcome: ok ? 'pass' : 'timeout', reason };
    case 'error':
      return { outcome: ok ? 'pass' : 'error', reason };
    default:
      return { outcome: said };
  }
}

function broken(name: string, reason: string): ReadNode {
  return { name, outcome: 'error', reason: cutReason(reason), children: [] };
}
