import type { Duration } from '../time/duration.ts';

/** A shell line, or an argument vector that no shell sees. */
export type Command = string | readonly string[];

export interface RunOptions {
  /** Ends the command's whole process group. @default '1 hour' */
  readonly timeout?: Duration;
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Ends the command's process group when it fires. */
  readonly signal?: AbortSignal;
  /** Kept in `stdout` and `stderr` each; what is over is counted and dropped, in the tee it is kept. @default 1 MiB */
  readonly maxOutputBytes?: number;
  /** Lines kept in `stdout` and `stderr` each, besides the limit of bytes; what is over is counted and dropped likewise. @default no limit */
  readonly maxOutputLines?: number;
  /** Also copy output to the log of the test or job. @default true */
  readonly tee?: boolean;
  /** Text for logs where the command itself must not be seen. */
  readonly label?: string;
}

/** How a command went. `run` gives it whatever the exit code; `runCheck` throws a CommandError that carries it. */
export interface CommandResult {
  /** As shown to people. */
  readonly command: string;
  /** Undefined when the command was ended by a signal or never started. */
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes dropped from `stdout` and `stderr` because of `maxOutputBytes` and `maxOutputLines`. */
  readonly truncatedBytes: number;
  readonly durationMs: number;
  readonly timedOut: boolean;
  readonly aborted: boolean;
}

/** Thrown when a command that must succeed (`runCheck`) does not. In a test it gives the outcome `error`. */
export class CommandError extends Error {
  readonly code = 'AT_COMMAND_FAILED';
  readonly outcome = 'error';
  readonly result: CommandResult;

  constructor(result: CommandResult) {
    super(`${describeFailure(result)}: ${result.command}${lastLine(result.stderr)}`);
    this.name = 'CommandError';
    this.result = result;
  }
}

function describeFailure(result: CommandResult): string {
  if (result.timedOut) return `Command timed out after ${Math.round(result.durationMs / 100) / 10} s`;
  if (result.aborted) return 'Command was aborted';
  if (result.signal !== undefined) return `Command was killed by ${result.signal}`;
  if (result.exitCode === undefined) return 'Command could not be started';
  return `Command failed with exit code ${result.exitCode}`;
}

function lastLine(stderr: string): string {
  const line = stderr.trimEnd().split('\n').at(-1)?.trim();
  return line ? ` (${line.slice(0, 200)})` : '';
}
