import { createHash, randomBytes, type Hash } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { confinePath } from '@autotest/core/node';
import { asDiskError, TransferError } from '../../errors.ts';
import { OutputSink } from '../output-sink.ts';
import type { TransferCounter } from './counter.ts';
import { checkBytes } from './limits.ts';
import type { TransferSettings } from './options.ts';
import { nulList, quotePath, remoteHashes, runScript, type Remote } from './remote.ts';
import { readTar, type ReadEntry, type TarSink } from './tar-reader.ts';

interface ArchiveSource {
  readonly source: string;
  readonly target: string;
  /** Those of the paths that are links. */
  readonly links: ReadonlySet<string>;
  readonly settings: TransferSettings;
  readonly counter: TransferCounter;
}

/** A file in the stage. */
interface Arrived {
  readonly path: string;
  readonly draft: string;
  readonly sha256: string;
  readonly size: number;
}

/**
 * Gets files and links in one stream of archives. They are written under numbers into a directory of their own below the target, compared with what the host
 * tells of them by sha256, and renamed into place. Of what comes only names count that were asked for, each once.
 *
 * @throws TransferError, HostLostError, ResultsDiskFullError
 */
export async function getArchive(remote: Remote, paths: readonly string[], from: ArchiveSource): Promise<void> {
  const stage = join(from.target, `.autotest-get-${randomBytes(6).toString('hex')}`);
  mkdirSync(stage, { mode: 0o700 });
  try {
    const arrival = new Arrival(stage, new Set(paths), remote.host, from);
    await receive(remote, paths, 'xargs -0 tar -cf -', arrival, from);
    // Of files with several names tar sends the content once for each run; one run for each of the others brings it again.
    if (arrival.again.length > 0) await receive(remote, arrival.again, 'xargs -0 -n 1 tar -cf -', arrival, from);
    const bad = await changedOnes(remote, from.source, arrival.files);
    for (const file of arrival.files) {
      if (bad.has(file.path)) from.counter.refuse(file.path, 'what arrived is not what the host told (sha256 differs)');
      else place(file.path, from, (at) => renameSync(file.draft, at));
    }
    for (const [path, target] of arrival.links) {
      place(path, from, (at) => {
        rmSync(at, { force: true });
        symlinkSync(target, at);
      });
    }
    for (const path of arrival.missing) from.counter.refuse(path, 'the host did not send it');
    from.counter.finished(arrival.files.length);
  } catch (error) {
    throw asDiskError(from.target, error);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

async function receive(
  remote: Remote,
  paths: readonly string[],
  command: string,
  sink: Arrival,
  { source }: ArchiveSource,
): Promise<void> {
  const process = await remote.transport.spawn(`cd ${quotePath(source)} && ${command}`, { group: false });
  const onAbort = (): void => process.release();
  remote.signal.addEventListener('abort', onAbort, { once: true });
  const stderr = new OutputSink(4096);
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  process.stdin.on('error', () => {});
  process.stdin.end(nulList(paths));
  try {
    await readTar(process.stdout as AsyncIterable<Buffer>, sink);
    await process.ended;
  } catch (error) {
    process.release();
    // A connection that broke cuts the archive off, too: that is the reason to tell.
    await process.ended;
    remote.signal.throwIfAborted();
    if (error instanceof TransferError || (error as NodeJS.ErrnoException).code !== undefined) throw error;
    const words = stderr.text().trim().slice(0, 500);
    throw new TransferError(remote.host, source, words || (error instanceof Error ? error.message : String(error)));
  } finally {
    sink.close();
    remote.signal.removeEventListener('abort', onAbort);
  }
  remote.signal.throwIfAborted();
}

class Arrival implements TarSink {
  readonly files: Arrived[] = [];
  readonly links = new Map<string, string>();
  readonly again: string[] = [];
  readonly #stage: string;
  readonly #wanted: Set<string>;
  readonly #host: string;
  readonly #from: ArchiveSource;
  #open: { path: string; draft: string; fd: number; hash: Hash; size: number } | undefined;

  constructor(stage: string, wanted: Set<string>, host: string, from: ArchiveSource) {
    this.#stage = stage;
    this.#wanted = wanted;
    this.#host = host;
    this.#from = from;
  }

  /** Asked for, and neither come nor refused. */
  get missing(): Iterable<string> {
    return this.#wanted;
  }

  entry(entry: ReadEntry): boolean {
    const { counter, settings, links } = this.#from;
    const path = entry.path.replace(/^\.\//, '');
    if (!this.#wanted.has(path)) {
      counter.refuse(path, 'nobody asked for it');
      return false;
    }
    if (entry.kind === 'hardLink') {
      this.again.push(path);
      return false;
    }
    this.#wanted.delete(path);
    if (entry.kind === 'link' && links.has(path)) {
      if (leadsInside(path, entry.target)) this.links.set(path, entry.target);
      else counter.refuse(path, `it is a link that leads outside: ${entry.target}`);
      return false;
    }
    if (entry.kind !== 'file' || links.has(path)) {
      counter.refuse(path, 'it is no regular file any more');
      return false;
    }
    checkBytes(this.#host, this.#from.source, counter.bytes + entry.size, settings);
    const draft = join(this.#stage, `${this.files.length}`);
    const mode = settings.preservePermissions ? (entry.mode & 0o777) | 0o600 : 0o644;
    this.#open = { path, draft, fd: openSync(draft, 'wx', mode), hash: createHash('sha256'), size: entry.size };
    return true;
  }

  data(chunk: Buffer): void {
    if (!this.#open) return;
    for (let at = 0; at < chunk.length;) at += writeSync(this.#open.fd, chunk, at);
    this.#open.hash.update(chunk);
    this.#from.counter.moved(chunk.length);
  }

  end(): void {
    if (!this.#open) return;
    const { path, draft, hash, size } = this.#open;
    this.close();
    this.files.push({ path, draft, sha256: hash.digest('hex'), size });
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}

/** Those whose content is not what the host tells. A file that grew meanwhile is compared as far as it had been read. */
async function changedOnes(remote: Remote, source: string, files: readonly Arrived[]): Promise<Set<string>> {
  const hashes = await remoteHashes(
    remote,
    source,
    files.map(({ path }) => path),
  );
  const bad = new Set<string>();
  for (const { path, sha256, size } of files) {
    if (hashes.get(path) === sha256) continue;
    const script = `head -c ${size} ${quotePath(`${source}/${path}`)} | sha256sum`;
    const sum = await runScript(remote, script, path).catch((error: unknown) => {
      if (error instanceof TransferError) return '';
      throw error;
    });
    if (sum.slice(0, 64) !== sha256) bad.add(path);
  }
  return bad;
}

function place(path: string, { target, counter }: ArchiveSource, put: (at: string) => void): void {
  try {
    const at = confinePath(target, path);
    makeParents(target, at);
    put(at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    counter.refuse(path, error instanceof Error ? error.message : String(error));
  }
}

/** Where a relative link of the tree leads, by names alone, is in the tree. */
function leadsInside(path: string, target: string): boolean {
  if (target === '' || isAbsolute(target)) return false;
  const end = normalize(join(dirname(path), target));
  return end !== '..' && !end.startsWith('../');
}

/** Directories between, none of which may be a link that leads elsewhere. @throws TransferError */
export function makeParents(root: string, file: string): void {
  const directory = dirname(file);
  if (directory === root || directory.length < root.length) return;
  makeParents(root, directory);
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (!stat) mkdirSync(directory);
  else if (!stat.isDirectory()) throw new TransferError('', directory, 'it is no directory');
}
