import { messageOf, type HostSpec } from '@autotest/core';
import { UsageError } from '../errors.ts';
import { runOnHosts, type HostResult } from '../hosts/fan-out.ts';
import { parseExecOptions, execUsage, type ExecCommandOptions } from './exec-options.ts';
import { HostLines } from './host-lines.ts';
import { knownHostKeys } from '../hosts/ssh/known-hosts.ts';
import { readMachines, toHostSpec } from './machines.ts';

const usageExitCode = 64;
/** As `ssh` gives it where it has no exit code of the command. */
const noExitCode = 255;

/** `autoserv exec`: a command on many hosts. Gives the exit code. */
export async function runExec(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const options = parseExecOptions(argv);
    if (options.help) {
      process.stdout.write(`${execUsage}\n`);
      return 0;
    }
    return await execute(options, hostsOf(options), env);
  } catch (error) {
    process.stderr.write(`exec: ${messageOf(error)}\n`);
    if (error instanceof UsageError) process.stderr.write('Try autotest exec --help.\n');
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'AT_USAGE' || code === 'AT_DURATION' || code === 'AT_COMMAND_INVALID' ? usageExitCode : 2;
  }
}

function hostsOf(options: ExecCommandOptions): HostSpec[] {
  const machines = readMachines(options);
  if (machines.length === 0) throw new UsageError('Name the hosts with -m or -M.');
  return machines.map((machine) => {
    const host = toHostSpec(machine, { ...options, protection: 'none' }, []);
    return host.transport === 'ssh' ? { ...host, hostKeys: knownHostKeys(host.address, host.port) } : host;
  });
}

async function execute(
  options: ExecCommandOptions,
  hosts: readonly HostSpec[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const lines = new HostLines({ stdout: process.stdout, stderr: process.stderr });
  const grouped = new Map<string, string[]>();
  let exitCode = 0;
  let reached = 0;
  const results = runOnHosts(hosts, options.command, {
    parallel: options.parallel,
    timeout: options.timeoutMs,
    connectTimeout: options.connectTimeoutMs,
    signal: abort.signal,
    processEnv: env,
    maxOutputBytes: options.group ? 1024 * 1024 : 0,
    ...(!options.group && { onOutput: (host, stream, chunk) => lines.push(host, stream, chunk) }),
  });
  for await (const outcome of results) {
    lines.end(outcome.host);
    const { result } = outcome;
    reached += 1;
    const problem = problemOf(outcome);
    if (problem !== undefined) lines.say(outcome.host, problem);
    exitCode = Math.max(exitCode, result?.exitCode ?? noExitCode);
    if (options.group && result) {
      const text = result.stdout + result.stderr;
      grouped.set(text, [...(grouped.get(text) ?? []), outcome.host]);
    }
  }
  for (const [text, names] of grouped) lines.group(names.sort(), text);
  // An abort leaves hosts out that nothing was begun on.
  return reached < hosts.length ? noExitCode : exitCode;
}

function problemOf({ result, error }: HostResult): string | undefined {
  if (error) return messageOf(error);
  if (result?.timedOut) return 'the command was ended: its time was over';
  if (result?.aborted) return 'the command was ended: interrupted';
  if (result?.signal !== undefined) return `the command was ended by ${result.signal}`;
  return result?.exitCode === 0 ? undefined : `exit code ${result?.exitCode ?? 'unknown'}`;
}
