import {
  TestFail,
  type JsonValue,
  type Metric,
  type ParamsOf,
  type ParamSchema,
  type ResultOutcome,
  type TestContext,
  type TestDefinition,
} from '@autotest/core';
import { verdictOf } from '@autotest/core/runtime';
import type { TestChannel } from './channel.ts';
import { unmetConstraint } from './constraints.ts';
import type { TestState } from './context.ts';
import { writeIterationKeyvals, writeTestKeyvals } from './keyval-files.ts';
import type { TestRunSpec } from './messages.ts';
import { setUpOnce } from './setup-cache.ts';

export interface TestVerdict {
  readonly outcome: ResultOutcome;
  readonly reason?: string | undefined;
  readonly endsJob: boolean;
}

export interface PhaseRun {
  readonly definition: TestDefinition;
  readonly t: TestContext;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly spec: TestRunSpec;
  readonly state: TestState;
  readonly channel: TestChannel;
  /** Rejects when the test is aborted, or when an error comes from nowhere. */
  readonly interrupted: Promise<never>;
}

type PhaseName = 'initialize' | 'setup' | 'warmup' | 'runOnce' | 'postprocessIteration' | 'postprocess' | 'cleanup';

/** Errors that ask for no outcome are the test's own fault in some phases, and its author's or the host's in others. */
const otherErrors: Readonly<Record<PhaseName, ResultOutcome>> = {
  initialize: 'error',
  setup: 'error',
  warmup: 'fail',
  runOnce: 'fail',
  postprocessIteration: 'fail',
  postprocess: 'fail',
  cleanup: 'error',
};

/**
 * Takes a test through its phases: initialize, setup (once a version), warmup, the iterations, postprocess; cleanup whatever happened. The
 * first error decides; one of cleanup only where there was none.
 */
export async function runPhases(run: PhaseRun): Promise<TestVerdict> {
  const { definition, t, params, spec } = run;
  const keyvals: Record<string, JsonValue> = { version: definition.version ?? 1 };
  for (const [name, value] of Object.entries(params)) keyvals[`param-${name}`] = value;
  writeTestKeyvals(t.outputDir, { ...keyvals, ...spec.attributes });
  if (Object.keys(spec.attributes).length > 0) run.channel.record({ kind: 'keyval', values: spec.attributes });

  const main = await verdictOfPhase(() => mainPhases(run));
  if (!spec.cleanup || !definition.cleanup) return main ?? passed;
  // Only what the parent's patience allows: the signal of an aborted test must not end its clean-up too.
  run.state.signal = new AbortController().signal;
  run.state.iteration = 0;
  const clean = await verdictOfPhase(() => phase(run, 'cleanup', false));
  return main ?? clean ?? passed;
}

const passed: TestVerdict = { outcome: 'pass', endsJob: false };

async function mainPhases(run: PhaseRun): Promise<void> {
  const { definition, t, spec } = run;
  await phase(run, 'initialize');
  if (definition.setup)
    await setUpOnce(spec.cacheDir, definition.name, definition.version ?? 1, () => phase(run, 'setup'));
  await phase(run, 'warmup');
  const unmet: string[] = [];
  const startedAt = performance.now();
  for (let index = 1; goesOn(spec, index, performance.now() - startedAt); index++) {
    unmet.push(...(await iteration(run, index)).map((constraint) => `iteration ${index}: ${constraint}`));
  }
  await phase(run, 'postprocess');
  if (unmet.length > 0) throw new TestFail(unmet.join('; '));
  t.signal.throwIfAborted();
}

function goesOn({ iterations, testLengthMs }: TestRunSpec, index: number, elapsedMs: number): boolean {
  return testLengthMs === undefined ? index <= iterations : index === 1 || elapsedMs < testLengthMs;
}

/** Gives the constraints that it did not meet. */
async function iteration(run: PhaseRun, index: number): Promise<string[]> {
  const { state, channel, t, spec } = run;
  const metrics: Metric[] = [];
  state.iteration = index;
  state.metrics = metrics;
  state.attributes = {};
  const startedAt = performance.now();
  try {
    await phase(run, 'runOnce');
    const durationMs = Math.round(performance.now() - startedAt);
    await phase(run, 'postprocessIteration');
    const { attributes } = state;
    writeIterationKeyvals(t.resultsDir, attributes, metrics);
    channel.record({ kind: 'iteration', index, metrics, attributes, durationMs });
    const values = new Map<string, unknown>([
      ...Object.entries(attributes),
      ...metrics.map(({ name, value }) => [name, value] as const),
    ]);
    return spec.constraints.flatMap((constraint) => unmetConstraint(constraint, values) ?? []);
  } finally {
    state.iteration = 0;
    state.metrics = undefined;
  }
}

class PhaseError extends Error {
  readonly phase: PhaseName;
  constructor(name: PhaseName, cause: unknown) {
    super('', { cause });
    this.phase = name;
  }
}

async function phase(run: PhaseRun, name: PhaseName, interruptible = true): Promise<void> {
  const { definition, t, params, interrupted } = run;
  if (!definition[name]) return;
  try {
    if (interruptible) t.signal.throwIfAborted();
    // oxlint-disable-next-line no-unsafe-type-assertion -- they were checked against the schema
    const work = (async () => definition[name]?.(t, params as ParamsOf<ParamSchema>))();
    await (interruptible ? Promise.race([work, interrupted]) : work);
  } catch (error) {
    throw new PhaseError(name, error);
  }
}

async function verdictOfPhase(fn: () => Promise<void>): Promise<TestVerdict | undefined> {
  try {
    await fn();
    return undefined;
  } catch (error) {
    const name = error instanceof PhaseError ? error.phase : undefined;
    const cause = error instanceof PhaseError ? error.cause : error;
    const verdict = verdictOf(cause, name === undefined ? 'error' : otherErrors[name]);
    const stack = cause instanceof Error ? cause.stack : undefined;
    if (stack !== undefined) process.stdout.write(`${name ?? 'test'} threw ${stack}\n`);
    const isUnhandled = verdict.reason.startsWith('Unhandled ');
    return { ...verdict, reason: isUnhandled && stack ? `${verdict.reason}\n${framesOf(stack)}` : verdict.reason };
  }
}

/** The first frames: enough to find the place, not more than a log wants. */
function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .join('\n');
}
