import { cpSync, mkdirSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import type { Command, CommandResult, RunOptions } from '../control/command.ts';
import { CommandError } from '../control/command.ts';
import type { BranchResults, Job } from '../control/job.ts';
import { makeWarnings } from '../control/warnings.ts';
import type { RecordBody } from '../journal/record.ts';
import { NotSupportedError } from '../errors/autotest-error.ts';
import { nullRecord } from '../json/null-record.ts';
import { uniqueName } from '../node/paths.ts';
import { runLocal } from '../node/run-local.ts';
import { cutName } from './bounds.ts';
import type { ControlRuntime } from './control-runtime.ts';
import { JobAbortedError, JobCompleteError } from './errors.ts';
import { makeSharedState } from './shared-state.ts';

/** What a runtime of one kind of control file adds. */
export interface JobBaseOptions {
  readonly id?: number | undefined;
  readonly name: string;
  readonly tag: string;
  readonly deadline?: Date | undefined;
  readonly signal: AbortSignal;
  readonly resultsDir: string;
  readonly config: Job['config'];
  /** Where output of `job.run` is copied. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Environment of commands. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The part of `job` that is the same in client and server control files: everything but tests, commands as tests, and machines. */
export type JobBase = Omit<Job, 'runTest' | 'runCommand' | 'sysinfo'>;

/** Makes that part. Commands run on this machine. */
export function makeJobBase(runtime: ControlRuntime, options: JobBaseOptions): JobBase {
  const run = (command: Command, given: RunOptions = {}): Promise<CommandResult> =>
    runtime.step('run', describe(command, given), () =>
      runLocal(command, {
        ...given,
        env: { ...options.env, ...given.env },
        signal: given.signal ? AbortSignal.any([given.signal, options.signal]) : options.signal,
        ...(given.tee !== false && options.onOutput && { onOutput: options.onOutput }),
      }),
    );
  return {
    ...(options.id !== undefined && { id: options.id }),
    name: options.name,
    tag: options.tag,
    signal: options.signal,
    deadline: options.deadline,
    resultsDir: options.resultsDir,
    config: options.config,
    state: makeSharedState(),
    profilers: noProfilers,
    warnings: makeWarnings((body) => runtime.emit('warnings', body)),

    group: (name, fn) => runtime.node('group', name, fn),
    parallel: async <B extends Readonly<Record<string, () => Promise<unknown>>>>(branches: B) => {
      const names = Object.keys(branches);
      const settled = await runtime.branches(
        'branch',
        names.map((name) => ({ name, run: async () => branches[name]!() })),
      );
      // oxlint-disable-next-line no-unsafe-type-assertion -- each name has the result of its branch
      return collect(names, settled) as BranchResults<B>;
    },
    step: (name, fn) => runtime.step('step', name, fn),
    now: () => runtime.step('now', '', () => Date.now()),
    random: () => runtime.step('random', '', () => Math.random()),

    record: (outcome, name, message, { subdir, fields } = {}) => {
      const unique = runtime.scope.uniqueName(cutName(name));
      runtime.emit(
        'result',
        {
          kind: 'node.result',
          node: 'subtest',
          name,
          outcome,
          ...(message !== undefined && { reason: message }),
          ...(subdir !== undefined && { subdir }),
          ...(fields && { fields }),
        },
        unique,
      );
      runtime.scope.outcomes.push(outcome);
    },
    keyval: (values) => runtime.emit('keyval', { kind: 'keyval', values }),
    metric: ({ name, value, unit = '', direction = 'none' }) =>
      runtime.emit('metric', { kind: 'metric', metric: { name, value, unit, direction } }),
    artifact: (path) =>
      runtime.step('artifact', path, () => {
        const below = runtime.scope.subdir;
        return keepArtifact(runtime, { resultsDir: options.resultsDir, below, path });
      }),

    run,
    runCheck: async (command, given) => {
      const result = await run(command, given);
      if (result.exitCode !== 0 || result.timedOut || result.aborted) throw new CommandError(result);
      return result;
    },
    barrier: async (name, { members }) => {
      if (members.length > 1)
        throw new NotSupportedError(
          `Barrier ${name} of several hosts`,
          'Use a server control file, whose code runs in one process.',
        );
    },
    abort: (reason) => {
      throw runtime.endWith(new JobAbortedError(reason));
    },
    complete: (outcome = 'pass') => {
      throw runtime.endWith(new JobCompleteError(outcome));
    },
  };
}

function describe(command: Command, { label }: RunOptions): string {
  return (label ?? (typeof command === 'string' ? command : command.join(' '))).slice(0, 200);
}

function collect<T>(names: readonly string[], settled: readonly PromiseSettledResult<T>[]): Record<string, T> {
  const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length > 0) {
    const failed = names.filter((_, index) => settled[index]?.status === 'rejected');
    throw new AggregateError(errors, `${failed.length} of ${names.length} branches failed: ${failed.join(', ')}`);
  }
  const values = nullRecord<T>();
  settled.forEach((result, index) => {
    if (result.status === 'fulfilled') values[names[index]!] = result.value;
  });
  return values;
}

/**
 * Keeps a file or tree with the results: copies it to `artifacts/` below `below`, unless it is among the results already.
 *
 * @returns its path relative to the results directory
 */
export function keepArtifact(
  records: { append(body: RecordBody): void },
  { resultsDir, below, path }: { readonly resultsDir: string; readonly below: string; readonly path: string },
): string {
  const source = resolve(path);
  const inside = relative(resultsDir, source);
  const isInside = inside !== '' && !inside.startsWith('..') && !isAbsolute(inside);
  const kept = isInside ? inside : copyArtifact(resultsDir, join(below, 'artifacts'), source);
  records.append({ kind: 'artifact', path: kept });
  return kept;
}

function copyArtifact(resultsDir: string, directory: string, source: string): string {
  mkdirSync(join(resultsDir, directory), { recursive: true });
  const name = uniqueName(join(resultsDir, directory), basename(source));
  cpSync(source, join(resultsDir, directory, name), { recursive: true });
  return join(directory, name);
}

const noProfilers: Job['profilers'] = {
  add: (name) => {
    throw new NotSupportedError(`Profiler ${name}`, 'Start what measures with job.run() beside the test.');
  },
  delete: () => undefined,
  active: [],
};
