import { setTimeout as delay } from 'node:timers/promises';
import { markedProcesses } from './marked.ts';

/** Sends a signal; false when there is no such process. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills all processes that carry a marker. They may start others while they are killed, so it looks again until none is left.
 *
 * @returns how many were killed
 */
export async function killMarked(name: string, value: string): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < 20; round++) {
    const found = markedProcesses(name, value);
    if (found.length === 0) break;
    for (const pid of found) if (signalProcess(pid, 'SIGKILL')) killed.add(pid);
    await delay(round < 5 ? 5 : 50);
  }
  return killed.size;
}
