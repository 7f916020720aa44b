import { enableCompileCache } from 'node:module';
import { runSpec } from './run-spec.ts';
import { waitForSpec } from './warm.ts';

/** Entry of the process: an execution of a spec file, one whose spec comes later, or the command line of people. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === '--spec' && argv[1] !== undefined && argv.length === 2) return runSpec(argv[1]);
  if (argv[0] === '--warm' && argv.length === 1) return runWarm();
  if (argv[0] === 'exec') {
    const { runExec } = await import('./standalone/exec.ts');
    return runExec(argv.slice(1));
  }
  const { runCommandLine } = await import('./standalone/command-line.ts');
  return runCommandLine(argv);
}

async function runWarm(): Promise<number> {
  // Loaded on demand otherwise.
  await import('./control/run-server-control.ts');
  const file = waitForSpec();
  return file === undefined ? 0 : runSpec(file);
}

enableCompileCache();
main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
