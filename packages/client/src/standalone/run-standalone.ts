import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ResultTree, continueExitCode, isFailure, journalFileName } from '@autotest/core';
import { StatusLogFiles, makePaint, readJournal, type Paint } from '@autotest/core/node';
import { clientBundlePath } from '../bundle-path.ts';
import { runningClient, sessionFiles } from '../session/session-files.ts';
import type { ClientStandaloneOptions } from './options.ts';
import { nameOfRun, prepareRun, type PreparedRun } from './prepare.ts';
import { progressLine, report } from './progress.ts';
import { writeResultsJson } from './results-json.ts';

/** Exit codes, as every command has them: see docs/guides/client.md. */
export const standaloneExitCodes = {
  passed: 0,
  testFailures: 1,
  infra: 2,
  cancelled: 3,
  nothingRan: 4,
  /** The control file asks for a reboot of this machine. */
  reboot: continueExitCode,
} as const;

const pollMs = 40;

/**
 * Runs a client control file on this machine, without any server: shows progress, writes the results directory with journal, status.log and
 * results.json, and tells the verdict. A run that was cut off (by a reboot, a kill) is continued with `continue: true`.
 *
 * @returns the exit code for the process
 * @throws AutotestError `AT_USAGE` when there is nothing to run or to continue
 */
export async function runClientStandalone(options: ClientStandaloneOptions): Promise<number> {
  const { output = process.stdout } = options;
  const run = prepareRun(options);
  const name = nameOfRun(run);
  const paint = makePaint(output);
  output.write(`${paint('bold', name)}  ${paint('dim', run.resultsDir)}\n`);
  const view = new RunView(run, (line) => output.write(`${line}\n`), paint);
  try {
    const exitCode = await runClient(run, () => view.read());
    view.read();
    if (exitCode === continueExitCode && !view.tree.end) {
      output.write(`The control file asks for a reboot. Reboot this machine, then run this again with --continue.\n`);
      return standaloneExitCodes.reboot;
    }
    writeResultsJson(run.resultsDir, name, view.tree, view.startedAt);
    output.write(report(view.tree, paint));
    return view.tree.end ? exitCodeOf(view.tree) : standaloneExitCodes.infra;
  } finally {
    view.close();
  }
}

/** What is shown and written of a run's journal while it grows. */
class RunView {
  readonly tree = new ResultTree();
  startedAt = Date.now();
  readonly #file: string;
  readonly #logs: StatusLogFiles;
  readonly #print: (line: string) => void;
  readonly #paint: Paint;
  #offset = 0;
  /** What an earlier run told of already is not told again. */
  #silent: boolean;

  constructor({ resultsDir, continued }: PreparedRun, print: (line: string) => void, paint: Paint) {
    this.#file = join(resultsDir, journalFileName);
    this.#logs = new StatusLogFiles(resultsDir);
    this.#print = print;
    this.#paint = paint;
    this.#silent = continued;
    if (continued) this.read();
    this.#silent = false;
  }

  read(): void {
    for (;;) {
      const chunk = readJournal(this.#file, this.#offset);
      for (const record of chunk.records) {
        if (record.seq === 1) this.startedAt = record.t;
        const node = this.tree.apply(record);
        this.#logs.take(record);
        const line = this.#silent ? undefined : progressLine(record, node, this.#paint);
        if (line !== undefined) this.#print(line);
      }
      this.#offset = chunk.nextOffset;
      if (!chunk.more) return;
    }
  }

  close(): void {
    this.#logs.close();
  }
}

async function runClient({ sessionDir, resultsDir }: PreparedRun, look: () => void): Promise<number | undefined> {
  mkdirSync(join(resultsDir, 'debug'), { recursive: true });
  const log = openSync(join(resultsDir, 'debug', 'client.log'), 'a');
  const child = spawn(process.execPath, [clientBundlePath, 'run', '--session', sessionDir], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exit = new Promise<number | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code ?? undefined));
  });
  const timer = setInterval(look, pollMs);
  const forward = (): void => stopClient(sessionDir);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  try {
    return await exit;
  } finally {
    clearInterval(timer);
    process.off('SIGINT', forward);
    process.off('SIGTERM', forward);
  }
}

/** The first Ctrl-C lets tests clean up, the second one does not. */
function stopClient(sessionDir: string): void {
  const files = sessionFiles(sessionDir);
  const client = runningClient(files);
  if (!client) return;
  try {
    writeFileSync(files.stop, JSON.stringify({ reason: 'ended by the person who ran it' }), { flag: 'wx' });
    process.kill(client.pid, 'SIGTERM');
  } catch {
    process.kill(client.pid, 'SIGKILL');
  }
}

function exitCodeOf(tree: ResultTree): number {
  const exitClass = tree.end?.exitClass;
  if (exitClass === 'aborted' || exitClass === 'timedOut') return standaloneExitCodes.cancelled;
  if (exitClass === 'infra' || exitClass === 'lost') return standaloneExitCodes.infra;
  const { total, skip } = tree.counts();
  if (isFailure(tree.outcome() ?? 'unknown') && (total > 0 || tree.jobEnd?.outcome !== 'pass'))
    return standaloneExitCodes.testFailures;
  return total === skip ? standaloneExitCodes.nothingRan : standaloneExitCodes.passed;
}
