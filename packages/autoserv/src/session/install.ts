import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { HostUnfitError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { uploadFile } from '../hosts/upload.ts';
import { hashOnce } from './hash-once.ts';
import { oldestNode } from './host-script.ts';
import type { HostProbe } from './probe.ts';
import { storeFile, tidyStore } from './store.ts';

export interface InstallOptions {
  readonly host: string;
  /** client.mjs on this machine. */
  readonly clientFile: string;
  /** Directories for the client on the host, see `installBases`; undefined: the usual ones. */
  readonly bases: readonly string[] | undefined;
  /** Told before something large is sent. */
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
}

interface MissingOptions extends InstallOptions {
  /** `client`, `runtime`, `bundle`. */
  readonly missing: readonly string[];
  readonly bundle?: { readonly dir: string; readonly hash: string };
}

/** Left free beside what is sent, for the session itself. */
const spareBytes = 8 * 1024 * 1024;

/**
 * Brings what a host lacks: runtime, client, bundle, each under the hash of its content, so that versions stand side by side. Before that what was not used for long is deleted.
 *
 * @throws HostUnfitError which says what stands in the way; TransferError, HostLostError
 */
export async function bringMissing(transport: HostTransport, probe: HostProbe, options: MissingOptions): Promise<void> {
  const { host, clientFile, signal } = options;
  const lacks = (part: string): boolean => options.missing.includes(part);
  if (lacks('runtime')) checkRuntimeFits(probe, host);
  const bundle = lacks('bundle') ? options.bundle : undefined;
  const files = bundle ? listFiles(bundle.dir, host) : [];
  const bytes =
    (lacks('runtime') ? statSync(process.execPath).size : 0) +
    (lacks('client') ? statSync(clientFile).size : 0) +
    files.reduce((sum, file) => sum + statSync(file).size, 0);
  const freeBytes = await tidyStore(transport, probe.base, bytes + spareBytes, signal);
  if (freeBytes < bytes + spareBytes) throw noRoom(probe, freeBytes, bytes, lacks('runtime'), host);
  if (lacks('runtime')) await bringRuntime(transport, probe, options);
  if (lacks('client')) {
    const sha256 = await hashOnce(clientFile);
    const target = `${probe.base}/client/${sha256}/client.mjs`;
    await storeFile(transport, clientFile, target, { host, mode: 0o644, sha256, signal });
  }
  if (bundle) await bringBundle(transport, probe.base, bundle, files, options);
}

/** @throws HostUnfitError where the Node of this machine cannot be the host's */
function checkRuntimeFits(probe: HostProbe, host: string): void {
  const has = `it has ${probe.node ? `only Node ${probe.node.version}` : 'no Node'}, and the one here `;
  const remedy = `Install Node ${oldestNode} or newer on it; commands of server control files need none.`;
  if (nodeArch(probe.arch) !== process.arch)
    throw new HostUnfitError(host, `${has}is for ${process.arch}, not ${probe.arch}`, remedy);
  if (probe.libc === 'musl') throw new HostUnfitError(host, `${has}needs glibc, while the host has musl`, remedy);
  if (!probe.canExecute) {
    throw new HostUnfitError(
      host,
      `${has}cannot be run from ${probe.base}, which is mounted noexec`,
      `Install Node ${oldestNode} or newer on it, or name another directory in the host's attribute install-dir.`,
    );
  }
}

function noRoom(
  probe: HostProbe,
  freeBytes: number,
  bytes: number,
  withRuntime: boolean,
  host: string,
): HostUnfitError {
  const what = withRuntime ? 'Node and the client' : 'the client and the bundle';
  return new HostUnfitError(
    host,
    `only ${megabytes(freeBytes)} are free in ${probe.base}, and ${what} need ${megabytes(bytes + spareBytes)}`,
    withRuntime
      ? `Free space, install Node ${oldestNode} or newer on it, or name another directory in the host's attribute install-dir.`
      : "Free space, or name another directory in the host's attribute install-dir.",
  );
}

async function bringRuntime(transport: HostTransport, probe: HostProbe, options: InstallOptions): Promise<void> {
  const { host, signal } = options;
  const sha256 = await hashOnce(process.execPath);
  const target = `${probe.base}/runtime/${sha256}/node`;
  options.onProgress(
    `sending Node ${process.versions.node}, because the host has ${probe.node ? `only ${probe.node.version}` : 'none'}`,
  );
  await storeFile(transport, process.execPath, target, { host, mode: 0o755, sha256, signal });
  const check = await execOn(transport, [target, '--version'], { timeout: 30_000, signal });
  signal.throwIfAborted();
  if (check.exitCode === 0) return;
  await execOn(transport, ['rm', '-rf', target.slice(0, target.lastIndexOf('/'))], { timeout: 30_000 });
  throw new HostUnfitError(
    host,
    `Node does not run on it: ${check.stderr.trim().slice(0, 300) || `exit code ${check.exitCode ?? 'unknown'}`}`,
    `Install Node ${oldestNode} or newer on it; commands of server control files need none.`,
  );
}

async function bringBundle(
  transport: HostTransport,
  base: string,
  bundle: { readonly dir: string; readonly hash: string },
  files: readonly string[],
  { host, signal }: InstallOptions,
): Promise<void> {
  const target = `${base}/bundles/${bundle.hash.replace(/^sha256:/, '')}`;
  // Beside its place first: the directory's name promises that all of it is there.
  const draft = `${base}/bundles/.draft.${process.pid}.${Date.now()}`;
  for (const file of files)
    await uploadFile(transport, readFileSync(file), `${draft}/${relative(bundle.dir, file)}`, {
      host,
      mode: 0o644,
      signal,
    });
  const moved = await execOn(
    transport,
    `mv -T ${quoteWord(draft)} ${quoteWord(target)} 2>/dev/null || { rm -rf ${quoteWord(draft)}; [ -d ${quoteWord(target)} ]; }`,
    { timeout: 60_000, signal },
  );
  signal.throwIfAborted();
  if (moved.exitCode === 0) return;
  throw new HostUnfitError(
    host,
    `the bundle could not be put in place: ${moved.stderr.trim().slice(0, 300)}`,
    'Look at its disk.',
  );
}

function listFiles(dir: string, host: string): string[] {
  if (!existsSync(dir))
    throw new HostUnfitError(host, `the bundle ${dir} is not there`, 'Submit the control file again.');
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function nodeArch(machine: string): string {
  if (machine === 'x86_64' || machine === 'amd64') return 'x64';
  if (machine === 'aarch64') return 'arm64';
  return machine;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
