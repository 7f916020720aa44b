import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';

/** Set in the environment of every command that a server control file runs on a host; the value names the execution. */
export const commandMarker = 'AUTOTEST_EXECUTION';
/** Set by the client for everything that a session starts; the value is the session directory. */
export const sessionMarker = 'AUTOTEST_SESSION';

/** What is killed starts others until it is dead. */
const rounds = 20;
const timeoutMs = 15_000;

/**
 * Kills all processes on a host that carry a marker in their environment, in whatever session or group, with nothing but a shell and grep. The client does the same where there is one.
 *
 * @throws HostLostError
 */
export async function killMarked(transport: HostTransport, marker: string, value: string): Promise<void> {
  // The environment of what runs here does not hold it; grep gets it as an argument.
  const script = `exact=; printf 'a\\0' | grep -qzx a 2>/dev/null && exact=-zx
i=0
while [ $i -lt ${rounds} ]; do
  i=$((i + 1)); found=
  for file in $(grep -lsF $exact -e ${quoteWord(`${marker}=${value}`)} /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}; pid=\${pid%/environ}
    kill -9 "$pid" 2>/dev/null && found=1
  done
  [ -n "$found" ] || exit 0
done`;
  await execOn(transport, script, { timeout: timeoutMs, label: 'end of what was left' });
}
