import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CommandError,
  makeWarnings,
  nodePath,
  type Command,
  type CommandResult,
  type JsonValue,
  type Metric,
  type RunOptions,
  type TestContext,
} from '@autotest/core';
import { runLocal } from '@autotest/core/node';
import {
  ControlDivergedError,
  Scope,
  callerPlace,
  keepArtifact,
  packStepError,
  packStepValue,
  unpackStepError,
  unpackStepValue,
  verdictOf,
} from '@autotest/core/runtime';
import type { TestChannel } from './channel.ts';
import { writeTestKeyvals } from './keyval-files.ts';
import type { KnownStep, TestRunSpec } from './messages.ts';
import { flushOutput, writeOutput } from './output.ts';
import { sourceDirOf } from './setup-cache.ts';

/** Of a subtest; what is longer is cut. */
const maxNameLength = 500;

/** What changes while the phases of a test go by. */
export interface TestState {
  /** 0 outside iterations. */
  iteration: number;
  /** Of the iteration that runs, or of the test. */
  metrics: Metric[] | undefined;
  attributes: Record<string, JsonValue>;
  /** Of the phase that runs: `cleanup` may go on when the test was aborted. */
  signal: AbortSignal;
}

export interface TestContextOptions {
  readonly spec: TestRunSpec;
  readonly testName: string;
  readonly modulePath: string;
  readonly channel: TestChannel;
  readonly state: TestState;
}

/** Makes the `t` that phases get. */
export function makeTestContext({ spec, testName, modulePath, channel, state }: TestContextOptions): TestContext {
  const outputDir = join(spec.resultsDir, spec.subdir);
  const scopes = new AsyncLocalStorage<Scope>();
  const root = new Scope([]);
  const known = new Map(spec.steps.map((step) => [`${step.below}#${step.position}`, step]));
  const here = (): Scope => scopes.getStore() ?? root;
  const run = (command: Command, options: RunOptions = {}): Promise<CommandResult> =>
    runLocal(command, {
      cwd: outputDir,
      ...options,
      signal: options.signal ? AbortSignal.any([options.signal, state.signal]) : state.signal,
      ...(options.tee !== false && { onOutput: writeOutput }),
    });
  for (const name of ['results', 'debug', 'profiling']) mkdirSync(join(outputDir, name), { recursive: true });

  return {
    name: testName,
    tag: spec.tag,
    get iteration() {
      return state.iteration;
    },
    boot: spec.boot,
    outputDir,
    resultsDir: join(outputDir, 'results'),
    debugDir: join(outputDir, 'debug'),
    profDir: join(outputDir, 'profiling'),
    srcDir: sourceDirOf(spec.cacheDir, testName),
    binDir: dirname(modulePath),
    tmpDir: spec.tmpDir,
    get signal() {
      return state.signal;
    },

    run,
    runCheck: async (command, options) => {
      const result = await run(command, options);
      if (result.exitCode !== 0 || result.timedOut || result.aborted) throw new CommandError(result);
      return result;
    },
    metric: ({ name, value, unit = '', direction = 'none' }) => {
      if (!Number.isFinite(value)) throw new TypeError(`metric ${name} has the value ${value}, which is no number`);
      const metric: Metric = { name, value, unit, direction };
      if (state.metrics) state.metrics.push(metric);
      else channel.record({ kind: 'metric', metric }, here().path);
    },
    attribute: (values) => void Object.assign(state.attributes, values),
    keyval: (values) => {
      writeTestKeyvals(outputDir, values);
      channel.record({ kind: 'keyval', values });
    },
    warnings: makeWarnings((body) => channel.record(body)),
    log: (message) => void process.stdout.write(`${new Date().toISOString()} ${message}\n`),

    subtest: async (fullName, fn) => {
      const name = fullName.slice(0, maxNameLength);
      const parent = here();
      const scope = new Scope([...parent.path, parent.uniqueName(name)], parent);
      const startedAt = performance.now();
      channel.record({ kind: 'node.start', node: 'subtest', name }, scope.path);
      try {
        const value = await scopes.run(scope, fn);
        const durationMs = Math.round(performance.now() - startedAt);
        channel.record({ kind: 'node.end', outcome: 'pass', durationMs }, scope.path);
        return value;
      } catch (error) {
        const { outcome, reason } = verdictOf(error, 'fail');
        const durationMs = Math.round(performance.now() - startedAt);
        channel.record({ kind: 'node.end', outcome, reason, durationMs }, scope.path);
        throw error;
      }
    },
    step: async (name, fn) => {
      const scope = here();
      const position = scope.nextPosition();
      const key = `step:${name}#${position}`;
      const at = callerPlace(spec.bundleDir);
      const recorded = known.get(`${nodePath(scope.path)}#${position}`);
      // oxlint-disable-next-line no-unsafe-type-assertion -- the same code asks for what it recorded
      if (recorded) return recall(recorded, key, at, spec.resultsDir) as never;
      const place = at === undefined ? {} : { at };
      let value;
      try {
        value = await fn();
      } catch (error) {
        await channel.step({ kind: 'step', key, ...place, error: packStepError(error) }, scope.path);
        throw error;
      }
      const packed = packStepValue(value, key, spec.resultsDir);
      await channel.step({ kind: 'step', key, ...place, ...(packed !== undefined && { value: packed }) }, scope.path);
      return value;
    },
    artifact: async (path) =>
      keepArtifact(
        { append: (body) => channel.record(body) },
        { resultsDir: spec.resultsDir, below: spec.subdir, path },
      ),
    reboot: async (options = {}) => {
      await flushOutput();
      await channel.reboot(options);
    },
  };
}

function recall(recorded: KnownStep, key: string, at: string | undefined, resultsDir: string): unknown {
  if (recorded.key !== key) throw new ControlDivergedError(recorded.key, key, { recordedAt: recorded.at, nowAt: at });
  if (recorded.error !== undefined) throw unpackStepError(recorded.error);
  return unpackStepValue(recorded.value, resultsDir);
}
