import { execFile } from 'node:child_process';
import { missingService } from '@autotest/core/testing';
import type { LabHost } from '../src/lab-host.ts';

/** Why a lab of namespaced hosts cannot be tested here; undefined where it can. */
export function missingForLab(): string | undefined {
  for (const service of ['ip', 'nft', 'sshd', 'unshare'] as const) {
    const missing = missingService(service);
    if (missing !== undefined) return missing;
  }
  return process.getuid?.() === 0 || process.env.AUTOTEST_REQUIRE_SERVICES === '1'
    ? undefined
    : 'network namespaces need root';
}

export interface SshResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface SshOptions {
  /** Public host key that it must show. */
  readonly hostKey?: string;
  readonly connectTimeoutS?: number;
}

/** Runs a command on a host with OpenSSH's client, as a stranger would; never throws. */
export function ssh(host: LabHost, command: string, options: SshOptions = {}): Promise<SshResult> {
  const knownHosts =
    options.hostKey === undefined ? [] : [`KnownHostsCommand=/bin/echo ${host.address} ${options.hostKey}`];
  const settings = [
    'BatchMode=yes',
    `StrictHostKeyChecking=${options.hostKey === undefined ? 'no' : 'yes'}`,
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'KexAlgorithms=curve25519-sha256',
    `ConnectTimeout=${options.connectTimeoutS ?? 10}`,
    'ServerAliveInterval=1',
    'ServerAliveCountMax=3',
    ...knownHosts,
  ];
  const args = ['-F', 'none', '-i', host.keyFile, ...settings.flatMap((setting) => ['-o', setting])];
  return new Promise((resolve) => {
    execFile('ssh', [...args, `${host.user}@${host.address}`, command], (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

export async function bootIdOf(host: LabHost): Promise<string> {
  return (await ssh(host, 'cat /proc/sys/kernel/random/boot_id')).stdout.trim();
}

/** Polls until it holds; a test's own time limit ends it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds()))
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
}
