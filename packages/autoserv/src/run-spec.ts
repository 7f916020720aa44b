import { readFileSync } from 'node:fs';
import { logLineOf, type ExecutionSpec } from '@autotest/core';
import { describeFault, ExecutionLockedError, UsageError } from './errors.ts';
import { runExecution } from './execution/run-execution.ts';
import { exitCodeOf } from './execution/verdict.ts';
import { defaultSettings } from './settings.ts';

/** Exit code where another autoserv already carries the execution out. */
const lockedExitCode = 3;

/** Carries out the execution of a spec file, as a dispatcher asks for. Gives the exit code of the process; stderr is debug/autoserv.log. */
export async function runSpec(file: string): Promise<number> {
  try {
    const spec = readSpec(file);
    const exitClass = await runExecution(spec, {
      settings: defaultSettings(),
      env: process.env,
      log: logLine,
      onRecord: (record) => {
        const line = logLineOf(record);
        if (line !== undefined) logLine(line);
      },
    });
    return exitCodeOf(exitClass);
  } catch (error) {
    logLine(describeFault(error));
    return error instanceof ExecutionLockedError ? lockedExitCode : 2;
  }
}

/** One line (or several) of debug/autoserv.log. */
export function logLine(message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${message}\n`);
}

function readSpec(file: string): ExecutionSpec {
  const spec = JSON.parse(readFileSync(file, 'utf8')) as ExecutionSpec;
  if (spec.version === 1 && typeof spec.resultsDir === 'string' && Array.isArray(spec.hosts)) return spec;
  throw new UsageError(`${file} is no execution spec of version 1.`);
}
