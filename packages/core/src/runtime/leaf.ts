import { posix } from 'node:path';
import type { TestOutcome } from '../control/job.ts';
import type { JsonValue } from '../json/json-value.ts';
import { nodePath } from '../journal/scope.ts';
import { safeFileName } from '../node/paths.ts';
import type { ResultOutcome } from '../results/outcome.ts';
import type { ControlRuntime, StepCall } from './control-runtime.ts';
import { cutName } from './bounds.ts';
import { CheckFailedError, JobAbortedError } from './errors.ts';
import type { RecordedNode, RecordedStep } from './replay.ts';

/** Where a test or command runs in the tree of results. */
export interface LeafPlace {
  readonly scope: readonly string[];
  /** Relative to the results directory. */
  readonly subdir: string;
  /** From 1; rises when an interrupted test is run again. */
  readonly attempt: number;
  /** Reboots the test asked for itself. */
  readonly boot: number;
}

export interface LeafEnd {
  readonly outcome: ResultOutcome;
  readonly original?: ResultOutcome | undefined;
  readonly reason?: string | undefined;
  /** Thrown in the control file after the outcome was recorded. */
  readonly jobError?: Error | undefined;
}

export interface LeafWork {
  readonly kind: 'test' | 'command';
  /** With the tag. */
  readonly name: string;
  readonly timeoutMs?: number | undefined;
  readonly params?: Readonly<Record<string, JsonValue>> | undefined;
  readonly check?: boolean | undefined;
  readonly onInterrupted: 'continue' | 'retry' | 'stop';
  readonly host?: string | undefined;
  run(place: LeafPlace): Promise<LeafEnd>;
}

/** An outcome as its step holds it. */
interface LeafOutcome extends TestOutcome {
  readonly jobError?: { readonly message: string };
}

/** A machine that such a test makes crash each time must not do so for ever. */
const maxAttempts = 3;

/** Runs a test or command as a node of the result tree, once: not again when it is recorded, and by policy when it was interrupted. */
export async function runLeaf(runtime: ControlRuntime, work: LeafWork): Promise<TestOutcome> {
  const call = runtime.begin(work.kind, work.name);
  const path = [...call.scope.path, call.scope.uniqueName(cutName(work.name))];
  return call.scope.track(runCall(runtime, call, path, work));
}

async function runCall(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  work: LeafWork,
): Promise<LeafOutcome> {
  const outcome = call.recorded?.done
    ? recalled(runtime, call.recorded)
    : await runUnrecorded(runtime, call, path, work);
  call.scope.outcomes.push(outcome.outcome);
  if (outcome.jobError) throw new JobAbortedError(outcome.jobError.message);
  if (work.check && !outcome.ok) throw new CheckFailedError(outcome.path, outcome.outcome, outcome.reason);
  const { jobError: _, ...shown } = outcome;
  return shown;
}

function recalled(runtime: ControlRuntime, recorded: RecordedStep): LeafOutcome {
  // oxlint-disable-next-line no-unsafe-type-assertion -- finish() wrote it
  return runtime.recall(recorded) as LeafOutcome;
}

async function runUnrecorded(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  work: LeafWork,
): Promise<LeafOutcome> {
  const node = runtime.replay.node(path);
  const attempt = call.recorded?.attempt ?? 1;
  if (!node || node.attempt < attempt) return start(runtime, call, path, work, attempt);
  if (node.end) return finish(runtime, call, path, node.end, node.end.durationMs ?? 0);
  if (node.rebooting) return resume(runtime, call, path, work, node);
  return interrupted(runtime, call, path, work, node);
}

async function start(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  work: LeafWork,
  attempt: number,
): Promise<LeafOutcome> {
  runtime.started(call, attempt);
  const subdir = takeSubdir(runtime, call.scope.subdir, work.name);
  const { kind, name, timeoutMs, params, host } = work;
  runtime.append(
    {
      kind: 'node.start',
      node: kind,
      name,
      subdir,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(attempt > 1 && { attempt }),
      ...(params && { params }),
      ...(host !== undefined && { host }),
    },
    path,
  );
  return carryOut(runtime, call, work, { scope: path, subdir, attempt, boot: 0 }, Date.now());
}

/** The test asked for the reboot itself: it goes on. */
async function resume(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  work: LeafWork,
  node: RecordedNode,
): Promise<LeafOutcome> {
  const { bootId } = runtime.options;
  runtime.append({ kind: 'reboot', event: 'end', host: work.host ?? '', bootId }, path);
  runtime.started(call, node.attempt);
  const { subdir = '', t } = node.start;
  return carryOut(runtime, call, work, { scope: path, subdir, attempt: node.attempt, boot: node.reboots }, t);
}

/** It ran when the machine or the client went away. */
async function interrupted(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  work: LeafWork,
  node: RecordedNode,
): Promise<LeafOutcome> {
  const { bootId } = runtime.options;
  const before = call.recorded?.bootId ?? runtime.replay.lastBootId;
  const reason =
    before === undefined || before === bootId
      ? 'the client was killed while the test ran'
      : `unexpected reboot (boot id ${before} became ${bootId})`;
  const again = work.onInterrupted === 'retry' && node.attempt < maxAttempts;
  if (again) runtime.started(call, node.attempt + 1);
  for (const open of runtime.replay.openBelow(path))
    runtime.append({ kind: 'node.end', outcome: 'abort', reason }, open.start.scope);
  const durationMs = Math.max(0, Date.now() - node.start.t);
  runtime.append({ kind: 'node.end', outcome: 'abort', reason, durationMs }, path);
  if (again) return start(runtime, call, path, work, node.attempt + 1);
  const stop = work.onInterrupted === 'stop' ? new JobAbortedError(`${nodePath(path)}: ${reason}`) : undefined;
  return finish(runtime, call, path, { outcome: 'abort', reason, jobError: stop }, durationMs);
}

async function carryOut(
  runtime: ControlRuntime,
  call: StepCall,
  work: LeafWork,
  place: LeafPlace,
  startedAt: number,
): Promise<LeafOutcome> {
  const end = await work.run(place);
  const durationMs = Math.max(0, Date.now() - startedAt);
  runtime.append(
    {
      kind: 'node.end',
      outcome: end.outcome,
      ...(end.original !== undefined && { original: end.original }),
      ...(end.reason !== undefined && { reason: end.reason }),
      durationMs,
    },
    place.scope,
  );
  return finish(runtime, call, place.scope, end, durationMs);
}

function finish(
  runtime: ControlRuntime,
  call: StepCall,
  path: readonly string[],
  end: LeafEnd,
  durationMs: number,
): LeafOutcome {
  const outcome = {
    path: nodePath(path),
    outcome: end.outcome,
    ok: end.outcome === 'pass' || end.outcome === 'warn',
    ...(end.reason !== undefined && { reason: end.reason }),
    durationMs,
    ...(end.jobError && { jobError: { message: end.jobError.message } }),
  };
  runtime.finish(call, { value: outcome });
  return outcome;
}

/** Names in the results directory that are not for tests. */
const reserved = new Set([
  'debug',
  'sysinfo',
  'bundle',
  'host_keyvals',
  'keyval',
  'status.log',
  'results.json',
  'execution.json',
  'journal.ndjson',
  'control.ts',
  'artifacts',
]);

function takeSubdir(runtime: ControlRuntime, below: string, name: string): string {
  const base = safeFileName(name);
  const taken = runtime.replay.subdirs;
  for (let n = 1; ; n++) {
    const subdir = posix.join(below, n === 1 ? base : `${base}.${n}`);
    if (taken.has(subdir) || reserved.has(subdir) || subdir.startsWith('crashinfo.')) continue;
    taken.add(subdir);
    return subdir;
  }
}
