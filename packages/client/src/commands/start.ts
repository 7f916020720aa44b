import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { journalFileName } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';
import { SessionError } from '../errors.ts';
import { sessionMarker } from '../processes/marked.ts';
import { hasEnded } from '../session/stored-journal.ts';
import { readClientExit, readSessionSpec, runningClient, sessionFiles } from '../session/session-files.ts';

export interface StartResult {
  /** Of the client that runs; 0 when it has ended already. */
  readonly pid: number;
  readonly running: boolean;
  /** The session had a journal: it goes on. */
  readonly resumed: boolean;
  readonly exitCode?: number;
}

const startTimeoutMs = 30_000;

/** `start --session DIR`: starts the client detached. Harmless when it runs already. */
export async function startSession(directory: string, program: string): Promise<StartResult> {
  const files = sessionFiles(directory);
  const spec = readSessionSpec(files);
  const journal = join(spec.resultsDir, journalFileName);
  const resumed = existsSync(journal) && statSync(journal).size > 0;
  const already = runningClient(files);
  if (already) return { pid: already.pid, running: true, resumed };
  if (hasEnded(journal)) {
    const exitCode = readClientExit(files);
    return { pid: 0, running: false, resumed, ...(exitCode !== undefined && { exitCode }) };
  }

  mkdirSync(join(spec.resultsDir, 'debug'), { recursive: true });
  if (spec.control.source !== undefined) writeFileAtomic(spec.control.entry, spec.control.source);
  const log = openSync(join(spec.resultsDir, 'debug', 'client.log'), 'a');
  const child = spawn(process.execPath, [program, 'run', '--session', files.dir], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: files.dir,
    env: { ...process.env, [sessionMarker]: files.dir },
  });
  let ended: number | undefined;
  let failure: Error | undefined;
  child.once('exit', (code) => (ended = code ?? 1));
  child.once('error', (error) => (failure = error));
  for (let waited = 0; waited < startTimeoutMs; waited += 5) {
    const running = runningClient(files);
    if (running) {
      child.unref();
      return { pid: running.pid, running: true, resumed };
    }
    if (failure) throw new SessionError(files.dir, 'the client did not start', failure);
    if (ended !== undefined) {
      const exitCode = readClientExit(files);
      if (exitCode !== undefined) return { pid: 0, running: false, resumed, exitCode };
      throw new SessionError(files.dir, `the client ended with exit code ${ended} at once; see debug/client.log`);
    }
    await delay(5);
  }
  throw new SessionError(files.dir, `the client did not start within ${startTimeoutMs / 1000} s; see debug/client.log`);
}
