import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../exit-codes.ts';

/** `autotest autoserv …`: hands everything to autoserv, terminal included. */
export function autoservCommand(argv: readonly string[]): Promise<ExitCode> {
  const bin = fileURLToPath(import.meta.resolve('@autotest/autoserv/bin'));
  const child = spawn(process.execPath, [bin, ...argv], { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve((code ?? 2) as ExitCode));
  });
}
