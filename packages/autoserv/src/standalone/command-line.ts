/** The command line of people. */
export async function runCommandLine(_argv: readonly string[]): Promise<number> {
  return 64;
}
