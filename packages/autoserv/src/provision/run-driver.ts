import { formatDuration } from '@autotest/core';
import { runLocal } from '@autotest/core/node';
import { ProvisionError } from '../errors.ts';
import { findProgram, programEnv } from '../power/secret-file.ts';
import type { StepHost } from '../steps/host-step.ts';

/** A program of the lab is given up after this long. */
const timeoutMs = 2 * 3600_000;

export interface DriverCall {
  /** Plain name of a program in the directory of drivers. */
  readonly name: string;
  /** `provision HOST IMAGE` and the like. */
  readonly args: readonly string[];
  /** Given to it as AUTOTEST_ARG_<NAME>. */
  readonly parameters: URLSearchParams;
  readonly image: string;
}

/**
 * Runs a program of the lab's directory of drivers (never anything else: what stands in a host's attributes is data, not a command line). Its output goes to the step's log.
 *
 * @returns the lines of its stdout
 * @throws DriverFileError where there is no such program; ProvisionError when it fails or takes too long
 */
export async function runDriver(host: StepHost, call: DriverCall): Promise<string[]> {
  const { context, spec, log } = host;
  const { env, stopper } = context;
  const program = findProgram(call.name, env);
  log.line(`$ ${program} ${call.args.join(' ')}`);
  const result = await runLocal([program, ...call.args], {
    timeout: timeoutMs,
    signal: stopper.signal,
    baseEnv: { PATH: env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...(env.HOME && { HOME: env.HOME }) },
    env: { ...programEnv(Object.fromEntries(call.parameters)), AUTOTEST_HOST_ADDRESS: spec.address },
    onOutput: (chunk) => log.write(chunk),
  });
  stopper.signal.throwIfAborted();
  if (result.exitCode === 0) return result.stdout.split('\n');
  const how = result.timedOut
    ? `did not end within ${formatDuration(timeoutMs)}`
    : `ended with ${result.signal ?? `exit code ${result.exitCode ?? 'unknown'}`}`;
  throw new ProvisionError(spec.name, call.image, `${call.name} ${how}`);
}
