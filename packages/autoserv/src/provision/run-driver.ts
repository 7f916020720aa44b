import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { formatDuration } from '@autotest/core';
import { ProvisionError } from '../errors.ts';
import type { StepHost } from '../steps/host-step.ts';

/** A program of the lab is given up after this long. */
const timeoutMs = 2 * 3600_000;
const maxLineLength = 20_000;

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
 * @throws ProvisionError when it cannot be run, fails or takes too long
 */
export async function runDriver(host: StepHost, call: DriverCall): Promise<string[]> {
  const { context, spec, log } = host;
  const { driversDir } = context.settings;
  const failed = (why: string, cause?: unknown): ProvisionError =>
    new ProvisionError(spec.name, call.image, why, cause);
  if (driversDir === undefined) throw failed('AUTOTEST_DRIVERS_DIR, the directory of its driver, is not set');
  if (!/^[A-Za-z0-9][\w.-]*$/.test(call.name))
    throw failed(`${JSON.stringify(call.name)} is no plain name of a program`);
  const program = join(driversDir, call.name);
  const parameters = Object.fromEntries(
    [...call.parameters].map(([name, value]) => [`AUTOTEST_ARG_${name.toUpperCase().replaceAll(/\W/g, '_')}`, value]),
  );
  log.line(`$ ${program} ${call.args.join(' ')}`);
  const child = spawn(program, call.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...context.env, ...parameters, AUTOTEST_HOST_ADDRESS: spec.address },
  });
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([limit, context.stopper.signal]);
  const end = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  signal.addEventListener('abort', end, { once: true });
  const lines: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.line(line.slice(0, maxLineLength));
    if (lines.length < 1000) lines.push(line.slice(0, maxLineLength));
  });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    context.stopper.signal.throwIfAborted();
    if (limit.aborted) throw failed(`${call.name} did not end within ${formatDuration(timeoutMs)}`);
    if (exitCode !== 0) throw failed(`${call.name} ended with ${exitCode ?? 'a signal'}`);
    return lines;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES'))
      throw failed(`${program} cannot be run (${error.code})`, error);
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
