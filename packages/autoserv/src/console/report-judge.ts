import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isFailure,
  nodePath,
  worstOutcome,
  type JournalRecord,
  type RecordBody,
  type ResultOutcome,
} from '@autotest/core';
import { safeFileName } from '@autotest/core/node';
import type { ExecutionContext } from '../execution/context.ts';
import type { DisabledTypes } from './disabled-types.ts';
import type { ConsoleReport } from './reports.ts';
import { RunningNodes } from './running-nodes.ts';

interface Pending {
  readonly host: string;
  readonly report: ConsoleReport;
  readonly file: string;
  readonly timer: NodeJS.Timeout;
}

interface Verdict {
  readonly scope: readonly string[];
  readonly outcome: ResultOutcome;
  readonly reason: string;
}

/** How long a report waits for what else belongs to it, and for a test's word that it does not count. */
const settleMs = 1500;
/** From then until its file is written once more: a long trace takes a serial line some seconds. */
const restMs = 5000;
const maxPerRule = 5;
const maxFiles = 500;
const maxReason = 500;
const directory = 'debug/console-reports';

/**
 * Makes results of reports. A report waits a moment, and no longer than the test that it is of; if its type was not disabled at its time, it becomes a node below that test
 * (`console: Kernel panic`), its lines become a file, and the test and what is around it end no better than it says.
 */
export class ReportJudge {
  readonly #context: ExecutionContext;
  readonly #disabled: DisabledTypes;
  readonly #running: RunningNodes;
  readonly #pending = new Set<Pending>();
  readonly #counts = new Map<string, number>();
  readonly #names = new Map<string, number>();
  readonly #verdicts: Verdict[] = [];
  readonly #unfinished = new Set<() => void>();
  #files = 0;

  constructor(context: ExecutionContext, disabled: DisabledTypes) {
    this.#context = context;
    this.#disabled = disabled;
    this.#running = new RunningNodes(context.spec.hosts.length > 1);
  }

  take(record: JournalRecord, t: number): void {
    this.#running.take(record, t);
  }

  add(host: string, report: ConsoleReport): void {
    this.#files += 1;
    const file = `${directory}/${safeFileName(`${host}-${this.#files}-${report.rule.type}`)}.txt`;
    const timer = setTimeout(() => this.#settle(pending), settleMs).unref();
    const pending: Pending = { host, report, file, timer };
    this.#pending.add(pending);
  }

  settleAll(): void {
    for (const pending of this.#pending) this.#settle(pending);
    for (const write of this.#unfinished) write();
  }

  /** A node that ends takes the reports of its time with it. */
  amend(body: RecordBody, scope: readonly string[]): RecordBody {
    if (body.kind !== 'node.end') return body;
    for (const pending of this.#pending)
      if (isBelow(this.#running.at(pending.host, pending.report.t), scope)) this.#settle(pending);
    const hits = this.#verdicts.filter((verdict) => isBelow(verdict.scope, scope));
    const worst = hits.reduce<Verdict | undefined>(
      (a, b) => (a && worstOutcome([a.outcome, b.outcome]) === a.outcome ? a : b),
      undefined,
    );
    if (!worst) return body;
    const outcome = worstOutcome([body.outcome, worst.outcome]) ?? body.outcome;
    const isWorse = outcome !== body.outcome;
    if (!isWorse && !isFailure(worst.outcome)) return body;
    const reason = [body.reason, worst.reason].filter((part) => part !== undefined && part !== '').join('; ');
    return { ...body, outcome, reason, ...(isWorse && { original: body.original ?? body.outcome }) };
  }

  #settle(pending: Pending): void {
    if (!this.#pending.delete(pending)) return;
    clearTimeout(pending.timer);
    const { host, report } = pending;
    if (this.#disabled.isDisabled(report.rule.type, report.t, host)) return;
    try {
      this.#record(pending);
    } catch {
      // The journal cannot be written: whoever writes the next record says so.
    }
  }

  #record({ host, report, file }: Pending): void {
    const { recorder } = this.#context;
    const { rule, t } = report;
    const scope = this.#running.at(host, t);
    const reason = `console: ${report.lines[0] ?? rule.name}`.slice(0, maxReason);
    const key = JSON.stringify([nodePath(scope), host, rule.name]);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    recorder.append({ kind: 'keyval', values: { [`console-${keyOf(rule.type)}`]: count } }, scope);
    // More of the same would bury what is new.
    if (count > maxPerRule) return;
    this.#verdicts.push({ scope, outcome: rule.severity, reason });
    const isKept = this.#writeLines(file, report);
    const name = `console: ${rule.name}`;
    recorder.append(
      {
        kind: 'node.result',
        node: 'subtest',
        name,
        outcome: rule.severity,
        reason: reason.slice('console: '.length),
        fields: { host, type: rule.type, ...(isKept && { file }) },
      },
      [...scope, this.#uniqueName(scope, name)],
      { t },
    );
  }

  #writeLines(file: string, report: ConsoleReport): boolean {
    if (this.#files > maxFiles) return false;
    const { resultsDir } = this.#context.spec;
    const write = (): void => {
      mkdirSync(join(resultsDir, directory), { recursive: true });
      writeFileSync(join(resultsDir, file), `${report.lines.join('\n')}\n`);
    };
    try {
      write();
      if (!report.complete) this.#writeLater(write);
      return true;
    } catch {
      return false;
    }
  }

  /** Lines may follow: the file is written again when they have. */
  #writeLater(write: () => void): void {
    const again = (): void => {
      if (!this.#unfinished.delete(again)) return;
      clearTimeout(timer);
      try {
        write();
      } catch {
        // What was there stays.
      }
    };
    const timer = setTimeout(again, restMs).unref();
    this.#unfinished.add(again);
  }

  #uniqueName(scope: readonly string[], name: string): string {
    const key = JSON.stringify([nodePath(scope), name]);
    const number = (this.#names.get(key) ?? 0) + 1;
    this.#names.set(key, number);
    return number === 1 ? name : `${name}#${number}`;
  }
}

function isBelow(scope: readonly string[], ancestor: readonly string[]): boolean {
  return ancestor.every((segment, index) => scope[index] === segment);
}

function keyOf(type: string): string {
  return type.replace(/[^\w.-]/g, '_');
}
