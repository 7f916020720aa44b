import type { ConsoleTarget } from '@autotest/core';
import { findProgram, programEnv } from '../power/secret-file.ts';
import { childStream, plainEnv } from './child-stream.ts';
import type { ConsoleStream, SourceOptions } from './console-source.ts';

/** A program of the lab's own: `NAME console HOST`; its input and output are the console. @throws DriverFileError */
export async function openCommand(
  { name, options }: Extract<ConsoleTarget, { kind: 'command' }>,
  { host, env }: SourceOptions,
  signal: AbortSignal,
): Promise<ConsoleStream> {
  signal.throwIfAborted();
  return childStream([findProgram(name, env), 'console', host], { ...plainEnv(env), ...programEnv(options) });
}
