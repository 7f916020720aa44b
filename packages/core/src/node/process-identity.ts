import { readFileSync } from 'node:fs';

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); undefined when there is no such process. A zombie counts as gone. */
export function readProcessStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field, the command's name in parentheses, may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

/** True while the process that had this pid and start time lives; false when it is gone or the pid belongs to another one. */
export function isSameProcess(pid: number, startTicks: string | undefined): boolean {
  const start = readProcessStart(pid);
  return start !== undefined && (startTicks === undefined || start === startTicks);
}
