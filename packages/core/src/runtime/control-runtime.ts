import { AsyncLocalStorage } from 'node:async_hooks';
import type { JournalRecord, NodeKind, RecordBody } from '../journal/record.ts';
import { nodePath } from '../journal/scope.ts';
import type { ExitClass } from '../model/execution.ts';
import { DeadlineError } from '../time/errors.ts';
import { messageOf } from '../errors/autotest-error.ts';
import { worstOutcome, type ResultOutcome } from '../results/outcome.ts';
import { ControlDivergedError, JobAbortedError, JobCompleteError, NestedStepError, TooDeepError } from './errors.ts';
import { checkRecordSize, cutName, maxScopeDepth } from './bounds.ts';
import { exitClassOf, verdictOf } from './outcome.ts';
import { callerPlace } from './place.ts';
import { Replay, type EmissionKind, type RecordedStep } from './replay.ts';
import { Scope } from './scope.ts';
import { packStepError, packStepValue, unpackStepError, unpackStepValue } from './step-value.ts';

/*
 * Durable execution of a control file. The journal goes in (what earlier runs did) and out (what this run does); the runtime knows no hosts.
 *
 * Every awaited call on `job` is a step of its scope and has the key `<kind>:<name>#<position>`. A step that has a `step` record gives back what
 * the record holds and is not done again. Steps that cannot be done twice write `step.start` before they begin; without a `step` record behind it
 * they were interrupted. Groups and branches are nodes with a scope of their own: their function runs again, its steps answer from the journal.
 * `keyval`, `metric` and `record` write at once and are told apart by their number in the scope.
 */

/** Where records go: a JournalWriter, or something around one. */
export interface RecordSink {
  append(body: RecordBody, scope?: readonly string[]): unknown;
  sync(): void;
}

export interface ControlRuntimeOptions {
  readonly sink: RecordSink;
  /** What the journal held before this run. */
  readonly records: Iterable<JournalRecord>;
  /** Absolute; large step results are kept below it. */
  readonly resultsDir: string;
  /** Directory of the bundle: calls are located in its files. */
  readonly bundleDir: string;
  /** Of the machine this runs on. */
  readonly bootId: string;
  /** Fires when the job must end; its reason says why. */
  readonly signal: AbortSignal;
}

/** How a control file ended. */
export interface ControlEnd {
  readonly outcome: ResultOutcome;
  readonly reason?: string;
  readonly exitClass: ExitClass;
  readonly cause?: { readonly code: string; readonly message: string };
}

/** A step as it begins. */
export interface StepCall {
  readonly scope: Scope;
  readonly key: string;
  readonly at: string | undefined;
  readonly recorded: RecordedStep | undefined;
}

export interface NodeOptions {
  readonly host?: string;
  /** Relative to the results directory; tests inside get their directories below it. */
  readonly subdir?: string;
}

export class ControlRuntime {
  readonly options: ControlRuntimeOptions;
  readonly replay = new Replay();
  readonly root = new Scope([]);
  readonly #scopes = new AsyncLocalStorage<Scope>();
  readonly #inStep = new AsyncLocalStorage<boolean>();
  readonly #open = new Map<string, readonly string[]>();
  /** Ends every further step, whatever the control file catches. */
  #ending: Error | undefined;

  constructor(options: ControlRuntimeOptions) {
    this.options = options;
    for (const record of options.records) {
      this.replay.add(record);
      if (record.from === undefined) this.#noteOpen(record, record.scope);
    }
  }

  /** The scope in which the caller runs. */
  get scope(): Scope {
    return this.#scopes.getStore() ?? this.root;
  }

  append(body: RecordBody, scope: readonly string[] = this.scope.path): void {
    this.options.sink.append(body, scope);
    this.#noteOpen(body, scope);
  }

  #noteOpen({ kind }: RecordBody, scope: readonly string[]): void {
    if (kind === 'node.start') this.#open.set(nodePath(scope), scope);
    else if (kind === 'node.end') this.#open.delete(nodePath(scope));
  }

  /** Scopes of nodes that began and have not ended, deepest first. */
  openNodes(): (readonly string[])[] {
    return [...this.#open.values()].sort((a, b) => b.length - a.length);
  }

  sync(): void {
    this.options.sink.sync();
  }

  /**
   * Begins a step: gives its key and what the journal knows of it.
   *
   * @throws ControlDivergedError when another step stands at its place; JobAbortedError when the job ends
   */
  begin(kind: string, fullName: string): StepCall {
    this.throwIfEnding();
    const name = cutName(fullName);
    if (this.#inStep.getStore()) throw new NestedStepError(`${kind} ${name}`);
    const { scope } = this;
    if (scope.path.length >= maxScopeDepth) throw new TooDeepError(maxScopeDepth);
    const position = scope.nextPosition();
    const key = `${kind}:${name}#${position}`;
    const at = callerPlace(this.options.bundleDir);
    const recorded = this.replay.step(scope.path, position);
    if (recorded && recorded.key !== key) throw this.#diverged(recorded.key, key, recorded.at, at);
    if (!recorded && this.replay.node(scope.path)?.end !== undefined)
      throw this.#diverged('the end of the group', key, undefined, at);
    return { scope, key, at, recorded };
  }

  /** Runs a step that may be repeated as long as it is not recorded. Its result must be JSON. */
  async step<T>(kind: string, name: string, fn: () => Promise<T> | T): Promise<T> {
    // The step around it records what it gives; when that is answered from the journal, this one does not come at all.
    if (this.#inStep.getStore()) return fn();
    const call = this.begin(kind, name);
    return call.scope.track(this.#step(call, fn));
  }

  async #step<T>(call: StepCall, fn: () => Promise<T> | T): Promise<T> {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the same code asks for what it recorded
    if (call.recorded?.done) return this.recall(call.recorded) as T;
    let value: T;
    try {
      value = await this.#inStep.run(true, fn);
    } catch (error) {
      // What ends because the job ends was not done: a later run may do it.
      if (this.options.signal.aborted || this.#ending) throw error;
      this.finish(call, { error });
      throw error;
    }
    this.finish(call, { value });
    return value;
  }

  /** What a finished step gave: its result, or its error thrown. */
  recall(recorded: RecordedStep): unknown {
    if (recorded.done?.error !== undefined) throw unpackStepError(recorded.done.error);
    return unpackStepValue(recorded.done?.value, this.options.resultsDir);
  }

  /** Says that a step which cannot be done twice begins. */
  started(call: StepCall, attempt = 1): void {
    this.append(
      {
        kind: 'step.start',
        key: call.key,
        ...(call.at !== undefined && { at: call.at }),
        bootId: this.options.bootId,
        ...(attempt > 1 && { attempt }),
      },
      call.scope.path,
    );
    this.sync();
  }

  /** Records the result of a step; it survives a loss of power when this returns. */
  finish(call: StepCall, result: { readonly value?: unknown } | { readonly error: unknown }): void {
    const at = call.at === undefined ? {} : { at: call.at };
    if ('error' in result) {
      this.append({ kind: 'step', key: call.key, ...at, error: packStepError(result.error) }, call.scope.path);
    } else {
      const value = packStepValue(result.value, call.key, this.options.resultsDir);
      this.append({ kind: 'step', key: call.key, ...at, ...(value !== undefined && { value }) }, call.scope.path);
    }
    this.sync();
  }

  /** Runs `fn` in a scope of its own, as a node of the result tree. Throws what `fn` throws, after recording it. */
  async node<T>(kind: NodeKind, name: string, fn: () => Promise<T> | T, options: NodeOptions = {}): Promise<T> {
    const call = this.begin(kind, name);
    if (!call.recorded) this.#startedQuietly(call);
    return call.scope.track(this.#inNode(call.scope, kind, name, fn, options));
  }

  /** Runs the branches at the same time, each as a node; all end before it gives their results or throws. */
  async branches<T>(
    kind: 'branch' | 'host',
    branches: readonly { readonly name: string; readonly run: () => Promise<T> | T; readonly options?: NodeOptions }[],
    concurrency = Number.POSITIVE_INFINITY,
  ): Promise<PromiseSettledResult<T>[]> {
    const call = this.begin(
      'parallel',
      branches
        .map(({ name }) => name)
        .join(',')
        .slice(0, 200),
    );
    if (!call.recorded) this.#startedQuietly(call);
    const gate = makeGate(concurrency);
    // Names are given out in the order of the branches, before any of them runs.
    const work = branches.map(({ name, run, options }) => {
      const path = [...call.scope.path, call.scope.uniqueName(cutName(name))];
      return gate(() => this.#inScope(call.scope, path, kind, name, run, options ?? {}));
    });
    return call.scope.track(Promise.allSettled(work));
  }

  /** Writes a record once, however often the control file runs from the top. */
  emit(kind: EmissionKind, body: RecordBody, below?: string): void {
    this.throwIfEnding();
    if (this.#inStep.getStore()) throw new NestedStepError(kind);
    checkRecordSize(body);
    const { scope } = this;
    if (scope.countEmission(kind) <= this.replay.emitted(scope.path, kind)) return;
    this.append(body, below === undefined ? scope.path : [...scope.path, below]);
  }

  /** Makes every further step throw, so that the job ends even where the control file catches. */
  endWith(error: Error): Error {
    this.#ending ??= error;
    return this.#ending;
  }

  throwIfEnding(): void {
    if (this.#ending) throw this.#ending;
    if (this.options.signal.aborted) throw this.endWith(asError(this.options.signal.reason));
  }

  /** Carries the control file out; never throws for what it does. Records of the job's start and end are written. */
  async run(
    about: { readonly name: string; readonly hosts: readonly string[]; readonly controlType: 'client' | 'server' },
    control: () => Promise<void> | void,
  ): Promise<ControlEnd> {
    const { bootId } = this.options;
    if (!this.replay.jobStarted) this.append({ kind: 'job.start', ...about }, []);
    this.append({ kind: 'boot', bootId, pid: process.pid, resumed: this.replay.jobStarted }, []);
    this.sync();
    const thrown = await this.#scopes.run(this.root, () => this.#guarded(control));
    const end = this.#endOf(thrown);
    if (!this.replay.jobEnd)
      this.append(
        { kind: 'job.end', outcome: end.outcome, ...(end.reason !== undefined && { reason: end.reason }) },
        [],
      );
    this.sync();
    return end;
  }

  async #guarded(control: () => Promise<void> | void): Promise<{ error: unknown } | undefined> {
    try {
      await control();
      await this.#leave(this.root);
      this.throwIfEnding();
      return undefined;
    } catch (error) {
      await this.root.settle();
      return { error: this.#ending ?? error };
    }
  }

  #endOf(thrown: { error: unknown } | undefined): ControlEnd {
    const below = worstOutcome(this.root.outcomes) ?? 'pass';
    if (!thrown) return { outcome: below, exitClass: exitClassOf(below, { aborted: false, timedOut: false }) };
    const { error } = thrown;
    const verdict = verdictOf(error, 'error');
    if (error instanceof JobCompleteError)
      return { outcome: verdict.outcome, exitClass: exitClassOf(verdict.outcome, { aborted: false, timedOut: false }) };
    const outcome = worstOutcome([below, verdict.outcome]) ?? verdict.outcome;
    const aborted = error instanceof JobAbortedError;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return {
      outcome,
      reason: verdict.reason,
      exitClass: exitClassOf(outcome, { aborted, timedOut: aborted && error.timedOut }),
      ...(typeof code === 'string' && { cause: { code, message: verdict.reason } }),
    };
  }

  async #inNode<T>(
    parent: Scope,
    kind: NodeKind,
    name: string,
    fn: () => Promise<T> | T,
    options: NodeOptions,
  ): Promise<T> {
    return this.#inScope(parent, [...parent.path, parent.uniqueName(cutName(name))], kind, name, fn, options);
  }

  async #inScope<T>(
    parent: Scope,
    path: readonly string[],
    kind: NodeKind,
    name: string,
    fn: () => Promise<T> | T,
    options: NodeOptions,
  ): Promise<T> {
    const scope = new Scope(path, parent, options.subdir);
    if (!this.replay.node(path)) this.append({ kind: 'node.start', node: kind, name, ...options }, path);
    try {
      const value = await this.#scopes.run(scope, async () => {
        const result = await fn();
        await this.#leave(scope);
        return result;
      });
      this.#endNode(scope, undefined);
      return value;
    } catch (error) {
      await scope.settle();
      this.#endNode(scope, { error: this.#ending ?? error });
      throw error;
    }
  }

  #endNode(scope: Scope, thrown: { error: unknown } | undefined): void {
    const recorded = this.replay.node(scope.path)?.end;
    const below = worstOutcome(scope.outcomes) ?? 'pass';
    const completed = thrown?.error instanceof JobCompleteError;
    const verdict = thrown && !completed ? verdictOf(thrown.error, 'error') : undefined;
    const outcome = recorded?.outcome ?? (verdict ? (worstOutcome([below, verdict.outcome]) ?? below) : below);
    scope.parent?.outcomes.push(outcome);
    if (recorded) return;
    this.append({ kind: 'node.end', outcome, ...(verdict && { reason: verdict.reason }) }, scope.path);
    this.sync();
  }

  /** The end of a scope's code: what was begun must have ended, and what the journal holds must have come. */
  async #leave(scope: Scope): Promise<void> {
    const forgotten = await scope.settle();
    if (forgotten > 0)
      this.append(
        { kind: 'problem', source: 'control file', message: `${forgotten} calls on job were not awaited` },
        scope.path,
      );
    const next = this.replay.step(scope.path, scope.stepCount + 1);
    if (next && scope.stepCount < this.replay.stepCount(scope.path))
      throw this.#diverged(next.key, 'the end of the code', next.at, undefined);
  }

  /** Groups and parallels may be entered again, so nothing is lost when their start is. */
  #startedQuietly(call: StepCall): void {
    this.append({ kind: 'step.start', key: call.key, ...(call.at !== undefined && { at: call.at }) }, call.scope.path);
  }

  #diverged(recorded: string, now: string, recordedAt: string | undefined, nowAt: string | undefined): Error {
    return this.endWith(new ControlDivergedError(recorded, now, { recordedAt, nowAt }));
  }
}

function asError(reason: unknown): Error {
  if (reason instanceof DeadlineError) return new JobAbortedError(reason.message, true);
  if (reason instanceof Error && reason.name !== 'AbortError') return reason;
  return new JobAbortedError(messageOf(reason));
}

/** At most `limit` at the same time, in order. */
function makeGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
