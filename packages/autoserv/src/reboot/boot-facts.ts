import type { HostConnection } from '../hosts/connection.ts';

/** What tells one boot of a host from another, and must be the same on both sides of a reboot. */
export interface BootFacts {
  /** Empty where the host does not tell. */
  readonly bootId: string;
  /** `uname -r` */
  readonly kernel: string;
  /** `device directory` of each mounted block device that the host mounts by itself when it boots (it stands in /etc/fstab), or that is its root. */
  readonly mounts: readonly string[];
}

const script = `cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo
uname -r
awk 'FNR == NR { if ($1 !~ /^#/ && $2 ~ /^\\//) wanted[$2] = 1; next } $1 ~ /^\\/dev\\// && ($2 == "/" || $2 in wanted) { print $1, $2 }' /etc/fstab /proc/mounts 2>/dev/null | sort -u | head -n 1000
true`;

/** How long a host that answers at all may take to say it. */
const answerMs = 15_000;

/** @throws HostLostError, HostUnreachableError and the like; HostLostError too where it does not answer in time */
export async function readBootFacts(connection: HostConnection): Promise<BootFacts> {
  const result = await connection.exec(script, { timeout: answerMs });
  const [bootId = '', kernel = '', ...mounts] = result.stdout.trimEnd().split('\n');
  return { bootId: bootId.trim(), kernel: kernel.trim(), mounts };
}

/** What a host lacks after a reboot, in words; empty when nothing. */
export function lostMounts(before: BootFacts, after: BootFacts): string[] {
  const directory = (mount: string): string => mount.split(' ')[1] ?? '';
  const now = new Set(after.mounts.map(directory));
  return before.mounts.map(directory).filter((mount) => !now.has(mount));
}

export async function readBootId(connection: HostConnection): Promise<string> {
  const result = await connection.exec(['cat', '/proc/sys/kernel/random/boot_id'], { timeout: 30_000 });
  return result.stdout.trim();
}

/**
 * The boot id that the host tells right now, by one try; undefined where it does not answer. A connection over which nothing comes back is given up, so that
 * the next call makes a new one.
 */
export async function bootIdNow(connection: HostConnection, signal?: AbortSignal): Promise<string | undefined> {
  try {
    await connection.tryOnce();
    const result = await connection.exec(['cat', '/proc/sys/kernel/random/boot_id'], {
      timeout: answerMs,
      ...(signal && { signal }),
    });
    if (result.timedOut) connection.drop('it does not answer');
    const bootId = result.stdout.trim();
    return result.exitCode === 0 && bootId !== '' ? bootId : undefined;
  } catch (error) {
    // Another key or a refused login is an answer too, which waiting does not change.
    if (isRefusal(error)) throw error;
    return undefined;
  }
}

function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'AT_HOST_KEY_MISMATCH' || code === 'AT_HOST_AUTH';
}
