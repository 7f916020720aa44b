import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess, writeFileAtomic } from '@autotest/core/node';
import { killMarked, signalProcess } from '../processes/kill.ts';
import { sessionMarker } from '../processes/marked.ts';
import { runningClient, sessionFiles } from '../session/session-files.ts';

export interface StopResult {
  /** No client runs any more. */
  readonly stopped: boolean;
  /** Processes that had to be killed. */
  readonly killed: number;
}

/** `stop --session DIR [--grace SECONDS] [--reason TEXT]`: asks the client to end, then kills what the session started and is left. */
export async function stopSession(
  directory: string,
  { graceMs, reason }: { readonly graceMs: number; readonly reason: string },
): Promise<StopResult> {
  const files = sessionFiles(directory);
  const client = runningClient(files);
  if (client) {
    writeFileAtomic(files.stop, JSON.stringify({ reason }));
    signalProcess(client.pid, 'SIGTERM');
    const until = performance.now() + graceMs;
    while (isSameProcess(client.pid, client.startTicks) && performance.now() < until) await delay(20);
  }
  const killed = await killMarked(sessionMarker, files.dir);
  rmSync(files.stop, { force: true });
  return { stopped: !runningClient(files), killed };
}

/** `clean --session DIR`: stops it and deletes the session directory. */
export async function cleanSession(
  directory: string,
  options: { readonly graceMs: number; readonly reason: string },
): Promise<StopResult> {
  const result = await stopSession(directory, options);
  rmSync(sessionFiles(directory).dir, { recursive: true, force: true });
  return result;
}
