import { readdirSync, readFileSync } from 'node:fs';

/** Set in the environment of everything a session starts; the value is the session directory. */
export const sessionMarker = 'AUTOTEST_SESSION';
/** Set in the environment of everything a test starts; the value names the test's run. */
export const testMarker = 'AUTOTEST_TEST_ID';

/** Processes whose environment carries `name=value`, wherever they put themselves; without those of `except`. Linux. */
export function markedProcesses(name: string, value: string, except: ReadonlySet<number> = new Set()): number[] {
  const needle = Buffer.from(`${name}=${value}\0`);
  return processIds().filter((pid) => pid !== process.pid && !except.has(pid) && carries(pid, needle));
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function carries(pid: number, needle: Buffer): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.indexOf(needle);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  } catch {
    // Gone meanwhile, or of another user.
    return false;
  }
}
