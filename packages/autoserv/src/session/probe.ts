import type { HostTransport } from '../hosts/transport.ts';
import { execOn } from '../hosts/exec.ts';
import { HostUnfitError } from '../errors.ts';
import { quoteWord } from '../hosts/quote.ts';
import { localBase } from './host-paths.ts';

/** What a host says about itself when a session is prepared. All of it is text of a stranger. */
export interface HostProbe {
  /** Base directory: writable, ours, no link. */
  readonly base: string;
  readonly user: string;
  readonly arch: string;
  readonly kernel: string;
  readonly bootId: string;
  /** Seconds since the epoch by the host's clock. */
  readonly clock: number;
  /** Free bytes in the base directory. */
  readonly freeBytes: number;
  /** Path and version of the host's own Node; absent where it has none. */
  readonly node?: { readonly path: string; readonly version: string };
  /** Hashes for which the directory is there. */
  readonly runtimes: readonly string[];
  readonly clients: readonly string[];
  readonly bundles: Set<string>;
}

/** One script, one round trip. A base directory in a place that others can write must be ours and no link. */
const script = (fixedBase: string): string => `umask 077
user=$(id -un 2>/dev/null || echo "\${USER:-unknown}")
base=
for dir in ${fixedBase === '' ? '"${HOME:+$HOME/.autotest}" "/var/tmp/autotest-$user" "/tmp/autotest-$user"' : quoteWord(fixedBase)}; do
  [ -n "$dir" ] || continue
  mkdir -p "$dir" 2>/dev/null
  if [ -d "$dir" ] && [ ! -L "$dir" ] && [ -O "$dir" ] && mkdir -p "$dir/sessions" "$dir/cache" 2>/dev/null && [ -w "$dir/sessions" ]; then base=$dir; break; fi
done
echo "user=$user"
echo "base=$base"
echo "arch=$(uname -m)"
echo "kernel=$(uname -r)"
echo "boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
echo "clock=$(date +%s)"
[ -n "$base" ] && echo "free=$(df -Pk "$base" 2>/dev/null | awk 'NR==2{print $4}')"
node=$(command -v node 2>/dev/null) && [ -n "$node" ] && echo "node=$node $(node --version 2>/dev/null)"
[ -n "$base" ] && cd "$base" && for kind in runtime client bundles; do for d in $kind/*/; do [ -d "$d" ] && echo "have=$d"; done; done
true`;

const probeTimeoutMs = 60_000;

/** Asks a host what it is and has. @throws HostUnfitError, HostLostError */
export async function probeHost(transport: HostTransport, host: string): Promise<HostProbe> {
  const result = await execOn(transport, script(transport.kind === 'local' ? localBase() : ''), {
    timeout: probeTimeoutMs,
    label: 'probe of the host',
  });
  const values = new Map<string, string>();
  const have = { runtime: [] as string[], client: [] as string[], bundles: [] as string[] };
  for (const line of result.stdout.split('\n')) {
    const at = line.indexOf('=');
    if (at === -1) continue;
    const [name, value] = [line.slice(0, at), line.slice(at + 1)];
    const [kind, hash] = value.split('/');
    if (name !== 'have') values.set(name, value);
    else if (hash && /^[0-9a-f]{64}$/.test(hash) && (kind === 'runtime' || kind === 'client' || kind === 'bundles'))
      have[kind].push(hash);
  }
  if (result.exitCode !== 0 || !values.has('arch')) {
    const why = result.timedOut
      ? 'a first command did not end in time'
      : `a first command failed: ${result.stderr.trim().slice(0, 300)}`;
    throw new HostUnfitError(host, why, 'Look whether its user has a shell that works.');
  }
  const base = values.get('base') ?? '';
  if (!base.startsWith('/')) {
    throw new HostUnfitError(
      host,
      'no directory for the client can be written',
      "Free disk space or correct the permissions of the user's home or of /var/tmp.",
    );
  }
  const [nodePath, nodeVersion] = (values.get('node') ?? '').split(' ');
  return {
    base,
    user: values.get('user') ?? 'unknown',
    arch: values.get('arch') ?? 'unknown',
    kernel: values.get('kernel') ?? 'unknown',
    bootId: values.get('boot') ?? '',
    clock: Number(values.get('clock') ?? 0),
    freeBytes: Number(values.get('free') ?? 0) * 1024,
    ...(nodePath?.startsWith('/') && nodeVersion && { node: { path: nodePath, version: nodeVersion } }),
    runtimes: have.runtime,
    clients: have.client,
    bundles: new Set(have.bundles),
  };
}
