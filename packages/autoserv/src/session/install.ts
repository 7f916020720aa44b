import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { HostUnfitError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { hashFile, uploadFile } from '../hosts/upload.ts';
import { localBase, type HostPaths } from './host-paths.ts';
import { probeHost, type HostProbe } from './probe.ts';

export interface InstallOptions {
  readonly host: string;
  /** client.mjs on this machine. */
  readonly clientFile: string;
  /** Told before something large is sent. */
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
}

export interface Installation extends HostPaths {
  /** Undefined for this machine. */
  readonly probe?: HostProbe;
}

const oldestNode = 22;

/**
 * Brings client and, where the host has no Node that fits, the runtime to the host; nothing that is there already (by content hash) is sent again.
 *
 * @throws HostUnfitError, TransferError, HostLostError
 */
export function installClient(transport: HostTransport, options: InstallOptions): Promise<Installation> {
  const known = installations.get(transport);
  if (known) return known;
  const installation = install(transport, options);
  installations.set(transport, installation);
  installation.catch(() => installations.delete(transport));
  return installation;
}

/** What was found and brought there, for further sessions on the same connection. */
const installations = new WeakMap<HostTransport, Promise<Installation>>();

/** The host's files were deleted: the next session looks again. */
export function forgetInstallation(transport: HostTransport): void {
  installations.delete(transport);
}

async function install(transport: HostTransport, options: InstallOptions): Promise<Installation> {
  if (transport.kind === 'local') {
    const base = localBase();
    for (const name of ['sessions', 'cache']) mkdirSync(join(base, name), { recursive: true, mode: 0o700 });
    return { base, node: process.execPath, client: options.clientFile };
  }
  const probe = await probeHost(transport, options.host);
  const [node, client] = await Promise.all([
    installRuntime(transport, probe, options),
    installClientFile(transport, probe, options),
  ]);
  return { base: probe.base, node, client, probe };
}

async function installClientFile(
  transport: HostTransport,
  probe: HostProbe,
  { host, clientFile, signal }: InstallOptions,
): Promise<string> {
  const content = readFileSync(clientFile);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const target = `${probe.base}/client/${sha256}/client.mjs`;
  if (!probe.clients.includes(sha256))
    await uploadFile(transport, content, target, { host, mode: 0o644, sha256, signal });
  return target;
}

async function installRuntime(transport: HostTransport, probe: HostProbe, options: InstallOptions): Promise<string> {
  const major = Number(/^v(\d+)\./.exec(probe.node?.version ?? '')?.[1] ?? 0);
  if (probe.node && major >= oldestNode) return probe.node.path;
  const arch = nodeArch(probe.arch);
  if (arch !== process.arch) {
    throw new HostUnfitError(
      options.host,
      `it has no Node ${oldestNode} or newer, and the one here is for ${process.arch}, not ${probe.arch}`,
      `Install Node ${oldestNode} or newer on it.`,
    );
  }
  const sha256 = await hashFile(process.execPath);
  const target = `${probe.base}/runtime/${sha256}/node`;
  if (!probe.runtimes.includes(sha256)) {
    options.onProgress(
      `sending Node ${process.versions.node}, because the host has ${probe.node ? `only ${probe.node.version}` : 'none'}`,
    );
    await uploadFile(transport, process.execPath, target, {
      host: options.host,
      mode: 0o755,
      sha256,
      signal: options.signal,
    });
  }
  const check = await execOn(transport, [target, '--version'], { timeout: 30_000, signal: options.signal });
  if (check.exitCode !== 0) {
    throw new HostUnfitError(
      options.host,
      `Node does not run on it: ${check.stderr.trim().slice(0, 300)}`,
      `Install Node ${oldestNode} or newer on it.`,
    );
  }
  return target;
}

function nodeArch(machine: string): string {
  if (machine === 'x86_64' || machine === 'amd64') return 'x64';
  if (machine === 'aarch64') return 'arm64';
  return machine;
}

/** Brings a written bundle to the host; gives the directory it is in there. */
export async function installBundle(
  transport: HostTransport,
  installation: Installation,
  bundle: { readonly dir: string; readonly hash: string },
  options: Pick<InstallOptions, 'host' | 'signal'>,
): Promise<string> {
  if (transport.kind === 'local') return bundle.dir;
  const hash = bundle.hash.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{64}$/.test(hash))
    throw new HostUnfitError(
      options.host,
      `the bundle has no sha256 hash but ${bundle.hash.slice(0, 80)}`,
      'Submit the control file again.',
    );
  const target = `${installation.base}/bundles/${hash}`;
  if (installation.probe?.bundles.has(hash)) return target;
  // Beside its place first: the directory's name promises that all of it is there.
  const draft = `${installation.base}/bundles/.${hash}.${process.pid}.${Date.now()}`;
  const files = listFiles(bundle.dir);
  for (const file of files) {
    await uploadFile(transport, readFileSync(join(bundle.dir, file)), `${draft}/${file}`, {
      host: options.host,
      mode: 0o644,
      signal: options.signal,
    });
  }
  const move = `mv -T ${quoteWord(draft)} ${quoteWord(target)} 2>/dev/null || { rm -rf ${quoteWord(draft)}; [ -d ${quoteWord(target)} ]; }`;
  const moved = await execOn(transport, move, { timeout: 60_000, signal: options.signal });
  if (moved.exitCode !== 0)
    throw new HostUnfitError(
      options.host,
      `the bundle could not be put in place: ${moved.stderr.trim().slice(0, 300)}`,
      'Look at its disk.',
    );
  installation.probe?.bundles.add(hash);
  return target;
}

function listFiles(dir: string): string[] {
  if (!existsSync(dir))
    throw new HostUnfitError('', `the bundle ${dir} is not there`, 'Submit the control file again.');
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}
