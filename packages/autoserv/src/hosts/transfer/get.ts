import { mkdirSync, statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { confinePath } from '@autotest/core/node';
import { TransferError } from '../../errors.ts';
import type { HostConnection } from '../connection.ts';
import { hashFile } from '../upload.ts';
import { TransferCounter } from './counter.ts';
import { getArchive, makeParents } from './get-archive.ts';
import { getLarge, type FileFacts } from './get-large.ts';
import { TooManyBytesError } from './limits.ts';
import { listTree } from './local-tree.ts';
import { batchFiles, largeBytes, type TransferReport, type TransferSettings } from './options.ts';
import { withReconnect } from './reconnect.ts';
import { quotePath, remoteHashes, runScript, type Remote } from './remote.ts';

/** Names that a host tells, already looked at: each stays below the destination. */
interface RemoteTree {
  readonly directories: readonly string[];
  readonly files: readonly string[];
  readonly links: readonly string[];
  readonly large: ReadonlyMap<string, FileFacts>;
}

/**
 * Copies a file or tree from a host. What comes stays below `destination` whatever names the host tells; only regular files and directories are made, and
 * links where they are asked for and lead to something of the tree. A name that is refused is reported, and the rest comes. Files that are here
 * already are found by sha256 and left alone.
 *
 * When the connection breaks, all of it is done again: what has come is here by then.
 *
 * @throws TransferError also when there is more than `maxBytes`; HostLostError
 */
export async function getFiles(
  connection: HostConnection,
  source: string,
  destination: string,
  settings: TransferSettings,
): Promise<TransferReport> {
  const counter = new TransferCounter(settings);
  const target = resolve(destination);
  await withReconnect(connection, settings.signal, counter, async (remote) => {
    const facts = await fileFacts(remote, source);
    if (facts === undefined) return getTree(remote, source, target, settings, counter);
    const file = destination.endsWith('/') || isDirectory(target) ? join(target, basename(source)) : target;
    mkdirSync(resolve(file, '..'), { recursive: true });
    await getLarge(remote, source, file, facts, settings, counter);
  });
  return counter.report();
}

async function getTree(
  remote: Remote,
  source: string,
  target: string,
  settings: TransferSettings,
  counter: TransferCounter,
): Promise<void> {
  mkdirSync(target, { recursive: true });
  const tree = await listRemote(remote, source, target, counter);
  for (const path of tree.directories)
    guard(counter, path, () => makeParents(target, join(confinePath(target, path), 'x')));
  const equal = await equalFiles(remote, source, target, tree.files);
  counter.skipped = equal.size;
  const wanted = tree.files.filter((path) => !equal.has(path));
  const small = [...wanted.filter((path) => !tree.large.has(path)), ...(settings.preserveSymlinks ? tree.links : [])];
  const links = new Set(settings.preserveSymlinks ? tree.links : []);
  for (let at = 0; at < small.length; at += batchFiles)
    await getArchive(remote, small.slice(at, at + batchFiles), { source, target, links, settings, counter });
  for (const path of wanted) {
    const facts = tree.large.get(path);
    if (facts === undefined) continue;
    const file = confinePath(target, path);
    if (!guard(counter, path, () => makeParents(target, file))) continue;
    await getLarge(remote, `${source}/${path}`, file, facts, settings, counter).catch((error: unknown) => {
      if (!(error instanceof TransferError) || error instanceof TooManyBytesError) throw error;
      counter.refuse(path, error.message);
    });
  }
  if (settings.deleteExtra) await deleteExtra(target, new Set([...tree.directories, ...tree.files, ...links]), counter);
}

/** Undefined for a directory. */
async function fileFacts(remote: Remote, source: string): Promise<FileFacts | undefined> {
  const at = quotePath(source);
  const script = `if [ -d ${at} ]; then echo tree; elif [ -f ${at} ]; then stat -L -c '%f %s' ${at}; elif [ -e ${at} ]; then echo 'it is neither a file nor a directory' >&2; exit 66; else echo 'there is no file or directory of this name' >&2; exit 66; fi`;
  const text = (await runScript(remote, script, source)).trim();
  return text === 'tree' ? undefined : parseFacts(text);
}

/** Four lists, each ended by an empty name, which no file has; then the rest, which is never copied. */
async function listRemote(
  remote: Remote,
  source: string,
  target: string,
  counter: TransferCounter,
): Promise<RemoteTree> {
  const kinds = ['-type d ! -name .', '-type f', '-type l', '! -type d ! -type f ! -type l'];
  const finds = kinds.map((kind) => `find . ${kind} -print0; printf '\\0'`).join('; ');
  const large = `find . -type f -size +${largeBytes / 512 - 1} -exec stat -c '%f %s %n' {} +`;
  const text = await runScript(remote, `cd ${quotePath(source)} && { ${finds}; ${large}; } 2>/dev/null`, source);
  const names = text.split('\0');
  const take = (): string[] => {
    const end = names.indexOf('');
    const list = names.splice(0, end === -1 ? names.length : end + 1).filter(Boolean);
    return list.map((name) => name.replace(/^\.\//, '')).filter((path) => isFit(counter, target, path));
  };
  const [directories, files, links] = [take(), take(), take()];
  for (const path of take()) counter.refuse(path, 'it is no regular file');
  const sizes = new Map<string, FileFacts>();
  for (const line of names.join('').split('\n')) {
    const match = /^([0-9a-f]+ \d+) \.\/(.+)$/.exec(line);
    if (match) sizes.set(match[2] ?? '', parseFacts(match[1] ?? ''));
  }
  return { directories, files, links, large: sizes };
}

/** Mode in hexadecimal and size, as `stat` prints them. */
function parseFacts(text: string): FileFacts {
  const [mode, size] = text.split(' ');
  return { mode: Number.parseInt(mode ?? '', 16) & 0o777 || 0o644, size: Number(size) || 0 };
}

function isFit(counter: TransferCounter, target: string, path: string): boolean {
  if (path.includes('\uFFFD')) {
    counter.refuse(path, 'its name is not UTF-8');
    return false;
  }
  return guard(counter, path, () => confinePath(target, path));
}

/** False, with a refusal, where it is not possible. */
function guard(counter: TransferCounter, path: string, work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    counter.refuse(path, error instanceof Error ? error.message : String(error));
    return false;
  }
}

async function equalFiles(
  remote: Remote,
  source: string,
  target: string,
  files: readonly string[],
): Promise<Set<string>> {
  const here = new Map(listTree(target, true).map((entry) => [entry.path, entry]));
  const candidates = files.filter((path) => here.get(path)?.kind === 'file');
  const hashes = await remoteHashes(remote, source, candidates);
  const equal = new Set<string>();
  for (const path of candidates) {
    const hash = hashes.get(path);
    if (hash !== undefined && hash === (await hashFile(join(target, path)))) equal.add(path);
  }
  return equal;
}

/** Links are not followed, so nothing outside is touched. What was refused is not what the host does not have. */
async function deleteExtra(target: string, wanted: ReadonlySet<string>, counter: TransferCounter): Promise<void> {
  const refused = new Set(counter.refused.map(({ path }) => path));
  for (const entry of listTree(target, true).reverse()) {
    if (wanted.has(entry.path) || refused.has(entry.path)) continue;
    if (entry.kind === 'directory') await rmdir(entry.file).catch(() => {});
    else await rm(entry.file, { force: true });
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
