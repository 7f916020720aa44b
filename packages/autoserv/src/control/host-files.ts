import { createHash } from 'node:crypto';
import { constants, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { confinePath } from '@autotest/core/node';
import { TransferError } from '../errors.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { uploadFile } from '../hosts/upload.ts';

export interface TransferLimits {
  readonly deleteExtra: boolean;
  readonly preservePermissions: boolean;
  readonly signal: AbortSignal;
}

const maxListBytes = 64 * 1024 * 1024;
const parallelFiles = 4;

/** Copies a file or tree to a host; each file is compared by sha256 there. A file sent to a path that ends in `/` keeps its name. @throws TransferError, HostLostError */
export async function sendFiles(
  connection: HostConnection,
  source: string,
  destination: string,
  limits: TransferLimits,
): Promise<void> {
  const transport = await connection.connect({ signal: limits.signal });
  const host = connection.spec.name;
  const root = resolve(source);
  const stat = statSync(root, { throwIfNoEntry: false });
  if (!stat) throw new TransferError(host, root, 'there is no such file');
  const send = (file: string, target: string): Promise<void> =>
    uploadFile(transport, file, target, {
      host,
      mode: limits.preservePermissions ? statSync(file).mode & 0o777 : 0o644,
      signal: limits.signal,
    });
  if (!stat.isDirectory()) {
    await send(root, destination.endsWith('/') ? `${destination}${basename(root)}` : destination);
    return;
  }
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const path = (entry: (typeof entries)[number]): string => relative(root, join(entry.parentPath, entry.name));
  const directories = entries.filter((entry) => entry.isDirectory()).map(path);
  // Links are followed to files, as a copy for use needs; a link to a directory is left out.
  const files = entries
    .filter(
      (entry) =>
        entry.isFile() ||
        (entry.isSymbolicLink() && statSync(join(root, path(entry)), { throwIfNoEntry: false })?.isFile()),
    )
    .map(path);
  await runCheck(
    transport,
    host,
    ['mkdir', '-p', '--', destination, ...directories.map((name) => `${destination}/${name}`)],
    limits.signal,
  );
  await inParallel(files, (file) => send(join(root, file), `${destination}/${file}`));
  if (limits.deleteExtra)
    await deleteExtra(transport, host, destination, new Set([...files, ...directories]), limits.signal);
}

/**
 * Copies a file or tree from a host. What comes stays below `destination` whatever names the host tells, only regular files are made, and each is
 * compared with the sha256 that the host told. @throws TransferError, PathEscapeError, HostLostError
 */
export async function getFiles(
  connection: HostConnection,
  source: string,
  destination: string,
  limits: TransferLimits,
): Promise<void> {
  const transport = await connection.connect({ signal: limits.signal });
  const host = connection.spec.name;
  const listing = await listRemote(transport, host, source, limits.signal);
  const target = resolve(destination);
  if (listing.kind === 'file') {
    const file = destination.endsWith('/') || isDirectory(target) ? join(target, basename(source)) : target;
    await fetchFile(transport, host, source, file, listing.sha256, limits.signal);
    return;
  }
  mkdirSync(target, { recursive: true });
  for (const file of listing.files) confinePath(target, file.path);
  await inParallel(listing.files, async ({ path, sha256 }) => {
    const file = confinePath(target, path);
    makeParents(target, file);
    await fetchFile(transport, host, `${source}/${path}`, file, sha256, limits.signal);
  });
  if (!limits.deleteExtra) return;
  const wanted = new Set(listing.files.map(({ path }) => path));
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    const path = relative(target, join(entry.parentPath, entry.name));
    if (!entry.isDirectory() && !wanted.has(path)) await rm(join(target, path), { force: true });
  }
}

type Listing =
  | { readonly kind: 'file'; readonly sha256: string }
  | { readonly kind: 'tree'; readonly files: readonly { readonly path: string; readonly sha256: string }[] };

async function listRemote(
  transport: HostTransport,
  host: string,
  source: string,
  signal: AbortSignal,
): Promise<Listing> {
  const path = quoteWord(source.startsWith('-') ? `./${source}` : source);
  const script = `if [ -f ${path} ]; then echo file; sha256sum <${path}; elif [ -d ${path} ]; then echo tree; cd ${path} && find . -type f -exec sha256sum {} +; else echo "there is no file or directory of this name" >&2; exit 66; fi`;
  const result = await execOn(transport, script, {
    timeout: '30 minutes',
    maxOutputBytes: maxListBytes,
    signal,
    label: `list ${source}`,
  });
  if (result.exitCode !== 0 || result.truncatedBytes > 0)
    throw new TransferError(host, source, result.stderr.trim().slice(0, 500) || 'its files could not be listed');
  const [kind, ...lines] = result.stdout.split('\n');
  if (kind === 'file') return { kind, sha256: (lines[0] ?? '').slice(0, 64) };
  return { kind: 'tree', files: lines.filter(Boolean).map(parseSum) };
}

/** A line of sha256sum; a backslash in front says that newline and backslash in the name are escaped. */
function parseSum(line: string): { path: string; sha256: string } {
  const escaped = line.startsWith('\\');
  const text = escaped ? line.slice(1) : line;
  const name = text.slice(66).replace(/^\.\//, '');
  const path = escaped
    ? name.replace(/\\([\\nr])/g, (_, char: string) => (char === 'n' ? '\n' : char === 'r' ? '\r' : '\\'))
    : name;
  return { path, sha256: text.slice(0, 64) };
}

async function fetchFile(
  transport: HostTransport,
  host: string,
  source: string,
  file: string,
  sha256: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const draft = join(dirname(file), `.get.${process.pid}.${Math.random().toString(36).slice(2)}`);
  const handle = await open(
    draft,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o644,
  );
  try {
    const hash = createHash('sha256');
    const remote = await transport.spawn(['cat', '--', source]);
    remote.stdin.end();
    remote.stderr.resume();
    for await (const chunk of remote.stdout) {
      hash.update(chunk as Buffer);
      await handle.write(chunk as Buffer);
      if (signal.aborted) remote.release();
    }
    const { exitCode } = await remote.ended;
    signal.throwIfAborted();
    if (exitCode !== 0) throw new TransferError(host, source, 'it could not be read');
    if (hash.digest('hex') !== sha256)
      throw new TransferError(host, source, 'what arrived is not what the host told (sha256 differs)');
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
}

/** Directories between, none of which may be a link that leads elsewhere. */
function makeParents(root: string, file: string): void {
  const directory = dirname(file);
  if (directory === root || directory.length < root.length) return;
  makeParents(root, directory);
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (!stat) mkdirSync(directory);
  else if (!stat.isDirectory()) throw new TransferError('', directory, 'it is no directory');
}

async function deleteExtra(
  transport: HostTransport,
  host: string,
  destination: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const list = await execOn(transport, `cd ${quoteWord(destination)} && find . -mindepth 1 -print0`, {
    timeout: '30 minutes',
    maxOutputBytes: maxListBytes,
    signal,
  });
  const extra = list.stdout
    .split('\0')
    .filter(Boolean)
    .map((path) => path.replace(/^\.\//, ''))
    .filter((path) => !wanted.has(path));
  for (let at = 0; at < extra.length; at += 500) {
    await runCheck(
      transport,
      host,
      ['rm', '-rf', '--', ...extra.slice(at, at + 500).map((path) => `${destination}/${path}`)],
      signal,
    );
  }
}

async function runCheck(
  transport: HostTransport,
  host: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const result = await execOn(transport, argv, { timeout: '10 minutes', signal });
  signal.throwIfAborted();
  if (result.exitCode !== 0) throw new TransferError(host, argv.at(-1) ?? '', result.stderr.trim().slice(0, 500));
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: parallelFiles }, worker));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
