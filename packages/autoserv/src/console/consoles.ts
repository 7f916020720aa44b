import { messageOf, type JournalRecord, type RecordOf } from '@autotest/core';
import { describeFault } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { ConsoleLog } from './console-log.ts';
import { makeConsoleSource } from './console-source.ts';
import { DisabledTypes } from './disabled-types.ts';
import { HostClocks } from './host-clocks.ts';
import { OpenConsole } from './open-console.ts';
import { ReportJudge } from './report-judge.ts';
import { Reports } from './reports.ts';
import { makeRule, readRules, type ConsoleRuleOrOff } from './rules-file.ts';

/** Rules that jobs and tests of an execution may add. */
const maxWatched = 50;

/** The consoles of an execution's hosts: logged, watched for reports, and lent to whoever wants to wait for something. */
export class Consoles {
  readonly #consoles = new Map<string, OpenConsole>();
  readonly #reports = new Map<string, Reports>();
  readonly #disabled = new DisabledTypes();
  readonly #clocks = new HostClocks();
  readonly #judge: ReportJudge;
  readonly #context: ExecutionContext;
  #watched = 0;

  private constructor(context: ExecutionContext) {
    this.#context = context;
    this.#judge = new ReportJudge(context, this.#disabled);
    context.recorder.amend = (body, scope) => this.#judge.amend(body, scope);
  }

  /** Opens those that hosts have; nothing waits for a connection. What cannot be opened is recorded, and the job goes on without. */
  static open(context: ExecutionContext): Consoles {
    const consoles = new Consoles(context);
    const rules = consoles.#rules();
    for (const { name, attributes } of context.spec.hosts)
      if (attributes.console !== undefined) consoles.#open(name, attributes.console, rules);
    return consoles;
  }

  of(host: string): OpenConsole | undefined {
    return this.#consoles.get(host);
  }

  /** Sees each record of the execution. */
  take(record: JournalRecord): void {
    if (record.from) this.#clocks.saw(record.from.host, record.t);
    const t = record.from ? this.#clocks.here(record.from.host, record.t) : record.t;
    this.#judge.take(record, t);
    if (record.kind === 'warnings') this.#warnings(record, t);
  }

  close(): void {
    for (const console of this.#consoles.values()) console.close();
    this.#judge.settleAll();
  }

  #open(host: string, url: string, rules: readonly ConsoleRuleOrOff[]): void {
    const { spec, env, recorder } = this.#context;
    const note = (message: string): void => {
      try {
        recorder.append({ kind: 'info', message: `console of ${host}: ${message}`.slice(0, 2000) });
      } catch {
        // The journal cannot be written: whoever writes the next record of the job says so.
      }
    };
    try {
      const reports = new Reports(rules);
      const console = new OpenConsole({
        host,
        source: makeConsoleSource({ name: host }, url, env),
        log: new ConsoleLog(spec.resultsDir, host, { complain: (why) => note(`its log cannot be written: ${why}`) }),
        note,
        onLine: (line) => {
          const report = reports.push(line);
          if (report) this.#judge.add(host, report);
        },
      });
      this.#reports.set(host, reports);
      this.#consoles.set(host, console);
    } catch (error) {
      note(messageOf(error));
    }
  }

  #rules(): ConsoleRuleOrOff[] {
    const file = this.#context.env.AUTOTEST_CONSOLE_RULES;
    if (file === undefined || file === '') return [];
    try {
      return readRules(file);
    } catch (error) {
      this.#context.recorder.append({
        kind: 'problem',
        source: 'rules for consoles',
        message: describeFault(error).split('\n', 1)[0] ?? '',
      });
      return [];
    }
  }

  #warnings(record: RecordOf<'warnings'>, t: number): void {
    const { event, type, host } = record;
    if (typeof type !== 'string' || type.length > 60) return;
    if (event === 'disabled') this.#disabled.disable(type, t, host);
    if (event === 'enabled') this.#disabled.enable(type, t, host);
    if (event === 'watched') this.#watch(record);
  }

  /** A pattern from a control file or a test, which is a stranger's where it comes from a host. */
  #watch({ name, type, pattern, severity, host, scope }: RecordOf<'warnings'>): void {
    try {
      this.#watched += 1;
      if (this.#watched > maxWatched) throw new Error(`a job may add ${maxWatched} patterns`);
      const rule = makeRule({ name, type, pattern, severity });
      for (const [of, reports] of this.#reports) if (host === undefined || of === host) reports.addRule(rule);
    } catch (error) {
      this.#context.recorder.append({ kind: 'problem', source: 'warnings.watch', message: messageOf(error) }, scope);
    }
  }
}
