import { enableCompileCache } from 'node:module';
import { runSpec } from './run-spec.ts';

/** Entry of the process: an execution of a spec file, or the command line of people. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === '--spec' && argv[1] !== undefined && argv.length === 2) return runSpec(argv[1]);
  const { runCommandLine } = await import('./standalone/command-line.ts');
  return runCommandLine(argv);
}

enableCompileCache();
main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
