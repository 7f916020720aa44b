import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { TransferError } from '../../errors.ts';
import type { HostConnection } from '../connection.ts';
import { hashFile } from '../upload.ts';
import { TransferCounter } from './counter.ts';
import { listTree, type LocalEntry } from './local-tree.ts';
import { batchBytes, batchFiles, largeBytes, type TransferReport, type TransferSettings } from './options.ts';
import { withReconnect } from './reconnect.ts';
import { nulList, quotePath, remoteHashes, runScript, type Remote } from './remote.ts';
import { sendArchive } from './send-archive.ts';
import { partFile, sendLarge } from './send-large.ts';
import { adjustScript, finishScript } from './place-script.ts';

/** What the host has at a path. */
interface RemoteStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  readonly size: number;
}

/**
 * Copies a file or tree to a host. A file sent to a path that ends in `/` keeps its name.
 *
 * 1. The host tells what it has under the names of the source.
 * 2. Files of equal size are compared by sha256; equal ones are left alone.
 * 3. Small files go as one archive into a directory beside their place, are compared by sha256 there, and are renamed into place.
 * 4. Large files go one by one; see `sendLarge`.
 *
 * Each step is one command for a whole batch. When the connection breaks, all of it is done again: what has arrived is there by then. A link to a
 * directory on the host is followed where the source has a directory.
 *
 * @throws TransferError, HostLostError
 */
export async function sendFiles(
  connection: HostConnection,
  source: string,
  destination: string,
  settings: TransferSettings,
): Promise<TransferReport> {
  const host = connection.spec.name;
  const root = resolve(source);
  const stat = statSync(root, { throwIfNoEntry: false });
  if (!stat) throw new TransferError(host, root, 'there is no such file');
  const isTree = stat.isDirectory();
  const { directory, name } = isTree ? { directory: destination, name: '' } : splitTarget(destination, basename(root));
  const entries: LocalEntry[] = isTree
    ? listTree(root, settings.preserveSymlinks)
    : [{ path: name, file: root, kind: 'file', mode: stat.mode & 0o7777, size: stat.size }];
  const odd = entries.find(({ path }) => path.includes('\uFFFD'));
  if (odd) throw new TransferError(host, odd.file, 'its name is not UTF-8');
  const counter = new TransferCounter(settings);
  const stage = `.autotest-up-${randomBytes(6).toString('hex')}`;
  await withReconnect(connection, settings.signal, counter, (remote) =>
    sendOnce(remote, entries, { directory, stage, isTree, settings, counter }),
  );
  return counter.report();
}

interface Sending {
  readonly directory: string;
  readonly stage: string;
  readonly isTree: boolean;
  readonly settings: TransferSettings;
  readonly counter: TransferCounter;
}

async function sendOnce(remote: Remote, entries: readonly LocalEntry[], sending: Sending): Promise<void> {
  const { directory, settings, counter } = sending;
  const parts = entries.filter(({ size }) => size >= largeBytes).map(({ path }) => partFile(path));
  const there = await remoteStats(remote, directory, [...entries.map(({ path }) => path), ...parts]);
  const adjust = adjustScript(entries, there, settings);
  if (adjust !== '') await runScript(remote, `cd ${quotePath(directory)} && sh -s`, directory, adjust);
  const equal = await equalFiles(remote, entries, there, sending);
  counter.skipped = equal.size;
  const moving = entries.filter(({ kind, path }) => kind !== 'directory' && !equal.has(path));
  for (const batch of batches(moving.filter(({ size }) => size < largeBytes)))
    await sendArchive(remote, batch, sending);
  for (const entry of moving)
    if (entry.size >= largeBytes)
      await sendLarge(remote, entry, there.get(entry.path), there.has(partFile(entry.path)), sending);
  const finish = finishScript(
    entries.filter(({ path }) => equal.has(path)),
    entries,
    there,
    settings,
  );
  if (finish !== '') await runScript(remote, `cd ${quotePath(directory)} && sh -s`, directory, finish);
  if (settings.deleteExtra && sending.isTree) await deleteExtra(remote, directory, entries);
}

/** Makes the directory and tells what is there under these names, links not followed. */
async function remoteStats(
  remote: Remote,
  directory: string,
  paths: readonly string[],
): Promise<Map<string, RemoteStat>> {
  const at = quotePath(directory);
  const script = `mkdir -p -- ${at} && cd ${at} && { xargs -0 stat -c '%f %s %n' 2>/dev/null; :; }`;
  const text = await runScript(remote, script, directory, paths.length === 0 ? './\0' : nulList(paths));
  const stats = new Map<string, RemoteStat>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+) (\d+) \.\/(.+)$/.exec(line);
    if (!match) continue;
    const bits = Number.parseInt(match[1] ?? '0', 16);
    stats.set(match[3] ?? '', { kind: kindOf(bits), mode: bits & 0o7777, size: Number(match[2]) });
  }
  return stats;
}

function kindOf(bits: number): RemoteStat['kind'] {
  const type = bits & 0o170000;
  if (type === 0o100000) return 'file';
  if (type === 0o040000) return 'directory';
  return type === 0o120000 ? 'link' : 'other';
}

async function equalFiles(
  remote: Remote,
  entries: readonly LocalEntry[],
  there: ReadonlyMap<string, RemoteStat>,
  { directory }: Sending,
): Promise<Set<string>> {
  const candidates = entries.filter(({ kind, path, size }) => {
    const stat = there.get(path);
    return kind === 'file' && stat?.kind === 'file' && stat.size === size;
  });
  const hashes = await remoteHashes(
    remote,
    directory,
    candidates.map(({ path }) => path),
  );
  const equal = new Set<string>();
  for (const { path, file } of candidates) {
    const hash = hashes.get(path);
    if (hash !== undefined && hash === (await hashFile(file))) equal.add(path);
  }
  return equal;
}

function* batches(entries: readonly LocalEntry[]): Generator<LocalEntry[]> {
  let batch: LocalEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length >= batchFiles || bytes + entry.size > batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.size;
  }
  if (batch.length > 0) yield batch;
}

/** Deletes below the directory what the source does not have. `find` follows no links, so nothing outside is touched. */
async function deleteExtra(remote: Remote, directory: string, entries: readonly LocalEntry[]): Promise<void> {
  const at = quotePath(directory);
  const wanted = new Set(entries.map(({ path }) => path));
  const list = await runScript(remote, `cd ${at} && find . ! -name . -print0`, directory);
  const extra = list
    .split('\0')
    .map((path) => path.replace(/^\.\//, ''))
    .filter((path) => path !== '' && !wanted.has(path) && !path.includes('\uFFFD'));
  if (extra.length > 0) await runScript(remote, `cd ${at} && xargs -0 rm -rf --`, directory, nulList(extra));
}

function splitTarget(destination: string, sourceName: string): { directory: string; name: string } {
  if (destination.endsWith('/')) return { directory: destination, name: sourceName };
  const at = destination.lastIndexOf('/');
  if (at === -1) return { directory: '.', name: destination };
  return { directory: destination.slice(0, at) || '/', name: destination.slice(at + 1) };
}
