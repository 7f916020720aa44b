import type { ConsoleTarget } from '@autotest/core';
import { quoteArgv } from '../hosts/quote.ts';
import { ipmiArguments } from '../power/ipmi.ts';
import { runTool } from '../power/run-tool.ts';
import { readSecret } from '../power/secret-file.ts';
import { childStream, plainEnv } from './child-stream.ts';
import type { ConsoleStream, SourceOptions } from './console-source.ts';

const deactivateMs = 10_000;

/** Serial over LAN of a BMC, through ipmitool, which wants a terminal: `script` makes it one. A session that somebody left behind is ended first. @throws DriverFileError */
export async function openSol(
  target: Extract<ConsoleTarget, { kind: 'ipmi-sol' }>,
  { env }: SourceOptions,
  signal: AbortSignal,
): Promise<ConsoleStream> {
  const { path } = readSecret(target.passwordFile, env);
  const ipmitool = ['ipmitool', ...ipmiArguments(target, path)];
  await runTool([...ipmitool, 'sol', 'deactivate'], { signal, leftMs: deactivateMs }, env);
  signal.throwIfAborted();
  const line = quoteArgv([...ipmitool, 'sol', 'activate']);
  return childStream(['script', '--quiet', '--flush', '--return', '--command', line, '/dev/null'], plainEnv(env));
}
