import { endsReport, kernelRules, matchLine, type ConsoleRule } from './patterns.ts';
import type { ConsoleRuleOrOff } from './rules-file.ts';
import type { ConsoleLine } from './line-splitter.ts';
import { safeText } from './safe-text.ts';

/** Something that a rule found on a console, with the lines that belong to it. */
export interface ConsoleReport {
  readonly rule: ConsoleRule;
  /** When its first line came. */
  readonly t: number;
  readonly lines: string[];
  /** No more lines belong to it. */
  complete: boolean;
  /** When its last line came. */
  lastAt: number;
}

/** A report whose console says nothing for so long is complete. */
const quietMs = 2000;

/** Finds reports in the lines of one console. Lines that come while a report is open belong to it; one of the same type is part of it. */
export class Reports {
  readonly #rules: ConsoleRuleOrOff[];
  #open: ConsoleReport[] = [];

  constructor(rules: readonly ConsoleRuleOrOff[] = []) {
    this.#rules = [...rules, ...kernelRules];
  }

  /** A further rule goes before the known ones. */
  addRule(rule: ConsoleRuleOrOff): void {
    this.#rules.unshift(rule);
  }

  /** Takes one line in; gives the report that it opens. */
  push({ t, text }: ConsoleLine): ConsoleReport | undefined {
    const line = safeText(text);
    this.#open = this.#open.filter((report) => {
      report.complete ||= t - report.lastAt > quietMs;
      return !report.complete;
    });
    // oxlint-disable-next-line no-unsafe-type-assertion -- `off` is looked at next
    const rule = matchLine(line, this.#rules as ConsoleRule[]) as ConsoleRuleOrOff | undefined;
    const isPart = rule !== undefined && this.#open.some((report) => report.rule.type === rule.type);
    for (const report of this.#open) this.#extend(report, line, t);
    if (!rule || rule.severity === 'off' || isPart) return undefined;
    const report: ConsoleReport = {
      rule: { ...rule, severity: rule.severity },
      t,
      lines: [line],
      complete: rule.lines <= 1 || endsReport(line),
      lastAt: t,
    };
    if (!report.complete) this.#open.push(report);
    return report;
  }

  #extend(report: ConsoleReport, line: string, t: number): void {
    report.lines.push(line);
    report.lastAt = t;
    report.complete = report.lines.length >= report.rule.lines || endsReport(line);
  }
}
