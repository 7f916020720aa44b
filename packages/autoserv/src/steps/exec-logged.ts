import type { Command, CommandResult } from '@autotest/core';
import type { ExecOptions } from '../hosts/exec.ts';
import { showCommand } from '../hosts/quote.ts';
import type { StepHost } from './host-step.ts';

/** Runs a command on the host of a step; command, output and end stand in the step's log. @throws HostLostError and the like */
export async function execLogged(
  { connection, context, log }: Pick<StepHost, 'connection' | 'context' | 'log'>,
  command: Command,
  options: ExecOptions = {},
): Promise<CommandResult> {
  log.line(`$ ${options.label ?? showCommand(command)}`);
  const result = await connection.exec(command, {
    signal: context.stopper.signal,
    ...options,
    onOutput: (stream, chunk) => {
      log.write(chunk);
      options.onOutput?.(stream, chunk);
    },
  });
  const how = result.timedOut
    ? 'timed out'
    : result.aborted
      ? 'aborted'
      : `exit code ${result.exitCode ?? result.signal ?? 'unknown'}`;
  log.line(`${how} after ${result.durationMs} ms`);
  return result;
}
