import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  logLineOf,
  checkParams,
  coerceParams,
  formatDuration,
  formatTraceParent,
  messageOf,
  parseTraceParent,
  specFileName,
  type ExecutionSpec,
  type ExitClass,
  type SpecJob,
} from '@autotest/core';
import type { ControlBundle } from '@autotest/core/bundle';
import { makePaint, runtimeDir, safeFileName, writeFileAtomic } from '@autotest/core/node';
import { UsageError } from '../errors.ts';
import { runExecution } from '../execution/run-execution.ts';
import { exitCodeOf } from '../execution/verdict.ts';
import { defaultSettings } from '../settings.ts';
import { knownHostKeys } from '../hosts/ssh/known-hosts.ts';
import { readMachines, toHostSpec } from './machines.ts';
import { parseOptions, usage, type StandaloneOptions } from './options.ts';
import { prepareResultsDir } from './results-dir.ts';

const usageExitCode = 64;
const allSkippedExitCode = 4;

/** The command line of people: an execution without a server. Gives the exit code. */
export async function runCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const options = parseOptions(argv, env);
    if (options.help) {
      process.stdout.write(`${usage}\n`);
      return 0;
    }
    return await runOptions(options, env);
  } catch (error) {
    process.stderr.write(`autoserv: ${messageOf(error)}\n`);
    if (error instanceof UsageError) process.stderr.write('Try autoserv --help.\n');
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return error instanceof UsageError || code === 'AT_CONTROL_INVALID' || code === 'AT_DURATION' ? usageExitCode : 2;
  }
}

async function runOptions(options: StandaloneOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const spec = options.action === 'gather' ? gatherSpec(options) : await newSpec(options, env);
  mkdirSync(join(spec.resultsDir, 'debug'), { recursive: true });
  if (options.action !== 'gather')
    writeFileAtomic(join(spec.resultsDir, specFileName), `${JSON.stringify(spec, undefined, 2)}\n`);
  const exitCode = await carryOut(spec, options, env);
  if (options.cleanupAfter) await carryOut(cleanupSpec(spec), options, env);
  return exitCode;
}

async function carryOut(spec: ExecutionSpec, options: StandaloneOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = Date.now();
  const paint = makePaint(process.stderr, env);
  const outcomes = new Set<string>();
  const logFile = join(spec.resultsDir, 'debug', 'autoserv.log');
  const logToFile = (message: string): void =>
    writeFileSync(logFile, `${new Date().toISOString()} ${message}\n`, { flag: 'a' });
  const settings = defaultSettings(env);
  const exitClass = await runExecution(spec, {
    settings: options.clientFile === undefined ? settings : { ...settings, clientFile: resolve(options.clientFile) },
    env,
    log: logToFile,
    onRecord: (record) => {
      if (record.kind === 'node.end' || record.kind === 'node.result') outcomes.add(record.outcome);
      const line = logLineOf(record);
      if (line !== undefined) logToFile(line);
      const shown = options.quiet ? undefined : logLineOf(record, paint);
      if (shown !== undefined) process.stderr.write(`${shown}\n`);
    },
  });
  const how = describe(exitClass, lastCause(spec.resultsDir));
  process.stdout.write(
    `${makePaint(process.stdout, env)(exitClass === 'clean' ? 'good' : 'bad', how)} in ${formatDuration(Date.now() - startedAt)}; results: ${spec.resultsDir}\n`,
  );
  if (spec.purpose === 'job' && exitClass === 'clean' && outcomes.size === 1 && outcomes.has('skip'))
    return allSkippedExitCode;
  return exitCodeOf(exitClass);
}

function describe(exitClass: ExitClass, cause: string | undefined): string {
  const words: Readonly<Record<ExitClass, string>> = {
    clean: 'Passed',
    testFailures: 'Failed',
    infra: 'Could not be carried out',
    aborted: 'Aborted',
    timedOut: 'Timed out',
    lost: 'Lost',
  };
  return cause === undefined || exitClass === 'clean' ? words[exitClass] : `${words[exitClass]}: ${cause}`;
}

function lastCause(resultsDir: string): string | undefined {
  try {
    const results = JSON.parse(readFileSync(join(resultsDir, 'results.json'), 'utf8')) as {
      cause?: { message: string };
      reason?: string;
    };
    return results.cause?.message ?? results.reason;
  } catch {
    return undefined;
  }
}

async function newSpec(options: StandaloneOptions, env: NodeJS.ProcessEnv): Promise<ExecutionSpec> {
  const machines = readMachines(options);
  if (options.group !== undefined && machines.length < 2) throw new UsageError('A group (-G) needs two hosts or more.');
  if (machines.length === 0 && options.action !== 'job') throw new UsageError('Name the hosts with -m or -M.');
  const hosts = machines.map((machine) => {
    const host = toHostSpec(machine, options, []);
    return host.transport === 'ssh' ? { ...host, hostKeys: knownHostKeys(host.address, host.port) } : host;
  });
  const bundle = options.control === undefined ? undefined : await bundleControlFile(options.control, options);
  if (bundle?.metadata.type === 'client' && machines.length === 0)
    throw new UsageError('A client control file needs a host: -m HOST, or -m local.');
  const resultsDir = prepareResultsDir(options.resultsDir, options.useExistingResults, new Date());
  const job = bundle && (await writeJob(bundle, options, resultsDir));
  const trace = parseTraceParent(env.TRACEPARENT);
  return {
    version: 1,
    executionId: 0,
    tag: safeFileName(options.label ?? basename(resultsDir)),
    purpose: options.action,
    attempt: 1,
    epoch: 0,
    resultsDir,
    socketPath: join(runtimeDir(), `autoserv-${process.pid}.sock`),
    ...(job && { job: { ...job, ...(trace && { traceParent: formatTraceParent(trace) }) } }),
    hosts,
    limits: {
      ...(options.timeoutMs !== undefined && { deadlineAt: Date.now() + options.timeoutMs }),
      reconnectMs: 10 * 60_000,
      maxResultsBytes: 20 * 1024 ** 3,
    },
  };
}

async function bundleControlFile(file: string, options: StandaloneOptions): Promise<ControlBundle> {
  // Brings a compiler along: only here.
  const { bundleControl } = await import('@autotest/core/bundle');
  const bundle = await bundleControl({ entryPath: resolve(file) });
  const { type } = bundle.metadata;
  if (options.type !== undefined && options.type !== type)
    throw new UsageError(`${file} is a ${type} control file, not a ${options.type} one.`);
  return bundle;
}

async function writeJob(bundle: ControlBundle, options: StandaloneOptions, resultsDir: string): Promise<SpecJob> {
  const { writeBundle } = await import('@autotest/core/bundle');
  const texts = Object.fromEntries(options.params.map(splitParam));
  const coerced = coerceParams(bundle.metadata.params, texts);
  const checked = checkParams(bundle.metadata.params, coerced.args);
  const problems = [...coerced.problems, ...checked.problems];
  if (problems.length > 0)
    throw new UsageError(problems.map(({ message, remedy }) => `${message} ${remedy}`).join('\n'));
  const bundleDir = join(resultsDir, 'bundle');
  await writeBundle(bundle, bundleDir);
  writeFileAtomic(join(resultsDir, 'control.ts'), bundle.source);
  return {
    id: 0,
    name: options.label ?? bundle.metadata.name,
    owner: options.user,
    controlType: bundle.metadata.type,
    bundleDir,
    bundleHash: bundle.hash,
    entry: bundle.entry,
    modules: bundle.modules,
    params: checked.params,
    keyvals: options.group === undefined ? {} : { host_group_name: options.group },
  };
}

function splitParam(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`${JSON.stringify(text)} is no parameter; write name=value.`);
}

function gatherSpec(options: StandaloneOptions): ExecutionSpec {
  if (options.resultsDir === undefined) throw new UsageError('Name the results directory of the killed run with -r.');
  const resultsDir = resolve(options.resultsDir);
  try {
    const spec = JSON.parse(readFileSync(join(resultsDir, specFileName), 'utf8')) as ExecutionSpec;
    return { ...spec, purpose: 'gather', resultsDir, socketPath: join(runtimeDir(), `autoserv-${process.pid}.sock`) };
  } catch (error) {
    throw new UsageError(`${resultsDir} is no results directory of a run: ${messageOf(error)}.`);
  }
}

function cleanupSpec(spec: ExecutionSpec): ExecutionSpec {
  const resultsDir = join(spec.resultsDir, 'cleanup');
  mkdirSync(join(resultsDir, 'debug'), { recursive: true });
  const { job: _, ...rest } = spec;
  return { ...rest, purpose: 'cleanup', resultsDir, limits: { ...spec.limits, deadlineAt: Date.now() + 30 * 60_000 } };
}
