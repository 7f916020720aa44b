import type { ExitCode } from '../exit-codes.ts';

/** `autotest client run …`: runs a client control file here, without a server. */
export async function clientCommand(argv: readonly string[]): Promise<ExitCode> {
  const { runCommandLine } = await import('@autotest/client');
  return (await runCommandLine(argv)) as ExitCode;
}
