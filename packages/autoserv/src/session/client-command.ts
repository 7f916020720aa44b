import type { Duration } from '@autotest/core';
import { HostUnfitError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';

/** What it takes to call the client of one session. */
export interface ClientCall {
  readonly host: string;
  readonly node: string;
  readonly client: string;
  readonly sessionDir: string;
}

/** Argument vector of a client command. */
export function clientArgv(call: ClientCall, command: string, options: readonly string[] = []): string[] {
  return [call.node, call.client, command, '--session', call.sessionDir, ...options];
}

/**
 * Runs a client command that answers with one JSON line, and gives the answer.
 *
 * @throws HostUnfitError when it fails or answers something else; HostLostError
 */
export async function callClient(
  transport: HostTransport,
  call: ClientCall,
  command: 'stop' | 'clean',
  options: { readonly arguments?: readonly string[]; readonly timeout: Duration; readonly signal?: AbortSignal },
): Promise<Readonly<Record<string, unknown>>> {
  const result = await execOn(transport, clientArgv(call, command, options.arguments), {
    timeout: options.timeout,
    ...(options.signal && { signal: options.signal }),
  });
  options.signal?.throwIfAborted();
  const answer = parseAnswer(result.stdout);
  if (result.exitCode === 0 && answer) return answer;
  const why = result.timedOut
    ? 'it did not end in time'
    : result.stderr.trim().slice(-500) || `exit code ${result.exitCode ?? 'unknown'}`;
  throw new HostUnfitError(
    call.host,
    `the client's command ${command} failed: ${why}`,
    'Look into debug/autoserv.log.',
  );
}

/**
 * Deletes the session of a client that said its last word, which leaves no process; without starting anything but a shell.
 *
 * @returns `dumps` where crash dumps came to be on the host since the session began, `alive` where the client is still there: nothing is deleted then
 */
export async function deleteEnded(
  transport: HostTransport,
  { sessionDir }: ClientCall,
  options: { readonly evenWithDumps: boolean },
): Promise<'deleted' | 'dumps' | 'alive'> {
  const dumps = `for dir in /var/crash /var/lib/systemd/coredump /sys/fs/pstore; do
[ ! -d "$dir" ] || [ -z "$(find "$dir" -type f -newer session.json 2>/dev/null | head -n 1)" ] || exit 3
done`;
  const script = `cd ${quoteWord(sessionDir)} 2>/dev/null || exit 0
${options.evenWithDumps || transport.kind === 'local' ? '' : dumps}
read -r id 2>/dev/null <client.pid; pid=\${id#*'"pid":'}; pid=\${pid%%[!0-9]*}; stat=
[ -z "$pid" ] || read -r stat 2>/dev/null <"/proc/$pid/stat"
case $stat in ''|*') Z '*) ;; *) exit 4;; esac
cd / && rm -rf ${quoteWord(sessionDir)}`;
  const { exitCode } = await execOn(transport, script, { timeout: 60_000 });
  return exitCode === 0 ? 'deleted' : exitCode === 3 ? 'dumps' : 'alive';
}

function parseAnswer(stdout: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
