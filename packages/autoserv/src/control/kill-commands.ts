import type { HostConnection } from '../hosts/connection.ts';
import { sessionPrefix } from '../session/host-paths.ts';

/** Set in the environment of every command that a server control file runs on a host; the value names the execution. */
export const commandMarker = 'AUTOTEST_EXECUTION';

export function executionMark(resultsDir: string): string {
  return sessionPrefix(resultsDir);
}

/** What is killed starts others until it is dead. */
const rounds = 20;
const timeoutMs = 15_000;

/** Kills all processes on a host that commands of an execution left, in whatever session or group. @throws HostLostError */
export async function killCommands(connection: HostConnection, mark: string): Promise<void> {
  // The pattern is in no environment but theirs: grep itself gets it as an argument.
  const script = `i=0
while [ $i -lt ${rounds} ]; do
  i=$((i + 1)); found=
  for file in $(grep -ls '${commandMarker}=${mark}' /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}; pid=\${pid%/environ}
    kill -9 "$pid" 2>/dev/null && found=1
  done
  [ -n "$found" ] || exit 0
done`;
  await connection.exec(script, { timeout: timeoutMs, label: 'end of what commands left' });
}
