import { HostUnfitError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { localBase } from './host-paths.ts';
import { hostScript } from './host-script.ts';

/** What a host says about itself. All of it is text of a stranger. */
export interface HostProbe {
  /** Base directory: writable, ours, no link. */
  readonly base: string;
  /** Programs can be run from the base directory: it is not mounted `noexec`. */
  readonly canExecute: boolean;
  readonly user: string;
  readonly arch: string;
  readonly kernel: string;
  readonly bootId: string;
  /** C library, where it is one that is known. */
  readonly libc?: 'glibc' | 'musl';
  /** Seconds since the epoch by the host's clock. */
  readonly clock: number;
  /** Free bytes in the base directory. */
  readonly freeBytes: number;
  /** Path and version of the host's own Node; absent where it has none. */
  readonly node?: { readonly path: string; readonly version: string };
}

const probeTimeoutMs = 60_000;

/** Asks a host what it is. @param bases directories named for the client, else the usual ones @throws HostUnfitError, HostLostError */
export async function probeHost(transport: HostTransport, host: string, bases?: readonly string[]): Promise<HostProbe> {
  const result = await execOn(transport, hostScript({ bases: transport.kind === 'local' ? [localBase()] : bases }), {
    timeout: probeTimeoutMs,
    label: 'probe of the host',
  });
  const values = readValues(result.stdout.split('\n'));
  if (result.exitCode !== 0 || !values.has('arch')) {
    const why = result.timedOut
      ? 'a first command did not end in time'
      : `a first command failed: ${result.stderr.trim().slice(0, 300)}`;
    throw new HostUnfitError(host, why, 'Look whether its user has a shell that works.');
  }
  return toProbe(values, host, bases);
}

/** `name=value` lines. */
export function readValues(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

/** @throws HostUnfitError where there is no directory for the client */
export function toProbe(values: ReadonlyMap<string, string>, host: string, wanted?: readonly string[]): HostProbe {
  const base = values.get('base') ?? '';
  if (!base.startsWith('/')) {
    throw new HostUnfitError(
      host,
      wanted === undefined
        ? 'no directory for the client can be written: neither ~/.autotest nor one in /var/tmp or /tmp'
        : `the directory ${wanted.join(' or ')} for the client cannot be written, is a link, or belongs to somebody else`,
      wanted === undefined
        ? "Free disk space, correct the permissions of the user's home or of /var/tmp, or name a directory in the host's attribute install-dir."
        : "Correct its permissions or the host's attribute install-dir.",
    );
  }
  const [path, version] = (values.get('node') ?? '').split(' ');
  const libc = values.get('libc');
  return {
    base,
    canExecute: values.get('exec') !== 'no',
    user: values.get('user') ?? 'unknown',
    arch: values.get('arch') ?? 'unknown',
    kernel: values.get('kernel') ?? 'unknown',
    bootId: values.get('boot') ?? '',
    ...((libc === 'glibc' || libc === 'musl') && { libc }),
    clock: Number(values.get('clock') ?? 0),
    freeBytes: Number(values.get('free') ?? 0) * 1024,
    ...(path?.startsWith('/') && version && { node: { path, version } }),
  };
}
