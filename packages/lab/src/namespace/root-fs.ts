import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { LabError, LabUnfitError } from '../errors.ts';
import { systemMirrors } from '../image/apt-sources.ts';
import { labCacheDir } from '../image/cache-dir.ts';

/**
 * Where the programs of namespaced hosts come from.
 *
 * this-machine  from this machine: its /usr, /etc and so on, without its /root, /home and /var; each host sees its own changes only. Nothing to build.
 * debian        from a small Debian, which is built once (a minute, 200 MB) and kept
 */
export type RootFs = (typeof rootFileSystems)[number];
export const rootFileSystems = ['this-machine', 'debian'] as const;

const packages =
  'openssh-server iproute2 procps kmod busybox-static rsync util-linux bsdutils perl-base ca-certificates nftables less xz-utils';
const unwanted = ['doc', 'man', 'locale', 'info'];
const suite = 'bookworm';
const recipe = [
  '--variant=minbase',
  `--include=${packages.replaceAll(' ', ',')}`,
  ...unwanted.map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
];

interface RootFsOptions {
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Directory with the root file system, built if need be; undefined for this machine's own. @throws LabUnfitError, LabError */
export async function readyRootFs(rootFs: RootFs, options: RootFsOptions): Promise<string | undefined> {
  if (rootFs === 'this-machine') return undefined;
  const hash = createHash('sha256')
    .update(JSON.stringify([suite, ...recipe]))
    .digest('hex')
    .slice(0, 16);
  const directory = join(labCacheDir(), `rootfs-${hash}`);
  // Complete, because it gets its name last.
  if (existsSync(directory)) return directory;
  await build(directory, options);
  return directory;
}

async function build(directory: string, { onProgress, signal }: RootFsOptions): Promise<void> {
  if (!['/usr/bin/mmdebstrap', '/usr/local/bin/mmdebstrap'].some((file) => existsSync(file)))
    throw new LabUnfitError('mmdebstrap is not installed', 'Run: apt-get install mmdebstrap');
  onProgress(`Building a root file system of Debian, once; it is kept in ${directory}`);
  // Its own for each process: two that build at once do not meet, and the first one that is ready wins.
  const unfinished = `${directory}.${process.pid}.part`;
  mkdirSync(labCacheDir(), { recursive: true });
  rmSync(unfinished, { recursive: true, force: true });
  try {
    await runMmdebstrap(unfinished, onProgress, signal);
    // Autoserv's client keeps its files below these; they must be there on each host.
    mkdirSync(join(unfinished, 'var/lib'), { recursive: true });
    if (!existsSync(directory)) renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

const buildTimeoutMs = 15 * 60_000;

function runMmdebstrap(target: string, onProgress: (text: string) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // In a mount namespace of its own, and ended with this process: what it mounts below the target must be gone before somebody deletes that.
    const inNamespace = ['--pdeathsig', 'TERM', 'unshare', '--mount', '--', 'mmdebstrap'];
    const child = spawn('setpriv', [...inNamespace, ...recipe, suite, target, ...systemMirrors(suite)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: buildTimeoutMs,
      ...(signal && { signal }),
    });
    let tail = '';
    child.stderr.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-2000);
      const step = /^I: (.+)$/m.exec(chunk.toString())?.[1];
      if (step) onProgress(step);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new LabError(`The root file system cannot be built (mmdebstrap ended with ${code}): ${tail.trim()}`));
    });
  });
}
