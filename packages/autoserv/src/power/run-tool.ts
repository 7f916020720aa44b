import type { CommandResult } from '@autotest/core';
import { runLocal } from '@autotest/core/node';
import type { PowerTry } from './power-device.ts';

const maxOutputBytes = 16 * 1024;

/**
 * Runs a program that speaks to a device: bounded in time and output, ended with all it started, and without the environment of autoserv, which holds more than it needs.
 * What it says is in the result; it throws for nothing.
 */
export function runTool(
  argv: readonly string[],
  call: PowerTry,
  env: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return runLocal(argv, {
    timeout: Math.max(1, Math.round(call.leftMs)),
    signal: call.signal,
    maxOutputBytes,
    killGraceMs: 500,
    baseEnv: { PATH: env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...(env.HOME && { HOME: env.HOME }) },
    env: extra,
  });
}

/** What a tool said, as one short line. */
export function toolMessage({ stderr, stdout, exitCode, signal, timedOut }: CommandResult): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('; ').slice(-400);
  if (timedOut) return `no answer in time${said ? `: ${said}` : ''}`;
  return said || (signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : `ended by ${signal}`);
}
