import { runLocal } from '@autotest/core/node';
import { LabError } from './errors.ts';

export interface RunProgramOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onOutput?: (chunk: Uint8Array) => void;
  readonly cwd?: string;
}

/**
 * Runs a program that must succeed and gives its stdout.
 * @throws LabError with the end of what it said; the signal's reason, where that fired
 */
export async function runProgram(argv: readonly string[], options: RunProgramOptions): Promise<string> {
  const { timeoutMs, signal, onOutput, cwd } = options;
  const result = await runLocal(argv, {
    timeout: timeoutMs,
    ...(signal && { signal }),
    ...(onOutput && { onOutput }),
    ...(cwd !== undefined && { cwd }),
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0) return result.stdout;
  const how = result.timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${result.exitCode ?? result.signal}`;
  const said = (result.stderr || result.stdout).trim().slice(-1000);
  throw new LabError(`${argv[0]} ${how}: ${said || 'it said nothing'}.`, { details: { command: result.command } });
}
