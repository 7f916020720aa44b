import { createHash } from 'node:crypto';
import { constants, lstatSync, rmSync, statSync } from 'node:fs';
import { chmod, copyFile, open, rename, rm, truncate, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asDiskError, TransferError } from '../../errors.ts';
import { OutputSink } from '../output-sink.ts';
import { hashFile } from '../upload.ts';
import { localBlockHashes, missingRuns, planBlocks, remoteBlockHashes } from './blocks.ts';
import type { TransferCounter } from './counter.ts';
import { checkBytes } from './limits.ts';
import { largeBytes, type TransferSettings } from './options.ts';
import { quotePath, runScript, whyFailed, type Remote } from './remote.ts';

/** What the host tells of a file. */
export interface FileFacts {
  /** Bytes; may grow. 0 for files of /proc, which have content nevertheless. */
  readonly size: number;
  readonly mode: number;
}

/**
 * Gets one file by way of a part file beside its place, whose name depends on the place alone. For a large one, a part that an earlier attempt left
 * behind, or else a copy of the file that is here, is the start: its blocks are compared by sha256 and only those that differ come. The whole is
 * compared with what the host tells, then renamed. A file that grows comes as long as it was when its size was told.
 *
 * @throws TransferError, HostLostError, ResultsDiskFullError
 */
export async function getLarge(
  remote: Remote,
  source: string,
  file: string,
  { size, mode }: FileFacts,
  settings: TransferSettings,
  counter: TransferCounter,
): Promise<void> {
  const part = partFile(file);
  // The host hashes while it sends.
  const told = size < largeBytes ? undefined : hashOf(remote, source, size);
  told?.catch(() => {});
  try {
    const got =
      size < largeBytes
        ? await getWhole(remote, source, part, settings, counter)
        : await getBlocks(remote, source, file, part, size, settings, counter);
    if ((await (told ?? hashOf(remote, source, got.size))) !== got.sha256)
      throw new TransferError(remote.host, source, 'what arrived is not what the host told (sha256 differs)');
    await chmod(part, settings.preservePermissions ? mode | 0o600 : 0o644);
    await rename(part, file);
    counter.finished(1);
  } catch (error) {
    if (error instanceof TransferError) await rm(part, { force: true });
    throw asDiskError(file, error);
  }
}

/** sha256 of the first bytes of a file on the host. */
async function hashOf(remote: Remote, source: string, size: number): Promise<string> {
  return (await runScript(remote, `head -c ${size} ${quotePath(source)} | sha256sum`, source)).slice(0, 64);
}

interface Got {
  readonly size: number;
  readonly sha256: string;
}

/** For files of /proc and /sys, too, which do not know their size. */
async function getWhole(
  remote: Remote,
  source: string,
  part: string,
  settings: TransferSettings,
  counter: TransferCounter,
): Promise<Got> {
  rmSync(part, { force: true });
  const handle = await openPart(part);
  try {
    const hash = createHash('sha256');
    let at = 0;
    await readCommand(remote, `exec cat ${quotePath(source)}`, source, async (chunk) => {
      checkBytes(remote.host, source, counter.bytes + chunk.length, settings);
      await handle.write(chunk, 0, chunk.length, at);
      hash.update(chunk);
      at += chunk.length;
      counter.moved(chunk.length);
    });
    return { size: at, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

async function getBlocks(
  remote: Remote,
  source: string,
  file: string,
  part: string,
  size: number,
  settings: TransferSettings,
  counter: TransferCounter,
): Promise<Got> {
  const plan = planBlocks(size);
  await preparePart(part, file);
  const start = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const runs =
    start === 0
      ? [{ start: 0, count: plan.count }]
      : missingRuns(await remoteBlockHashes(remote, source, plan, size), await localBlockHashes(part, plan));
  const whole = start === 0 ? createHash('sha256') : undefined;
  const handle = await openPart(part);
  try {
    for (const run of runs) {
      const from = run.start * plan.blockBytes;
      const bytes = Math.min(run.count * plan.blockBytes, size - from);
      checkBytes(remote.host, source, counter.bytes + bytes, settings);
      let done = 0;
      const command = `dd if=${quotePath(source)} bs=${plan.blockBytes} skip=${run.start} count=${run.count} 2>/dev/null`;
      await readCommand(remote, command, source, async (all) => {
        // A file that grew gives more at its end.
        const chunk = all.subarray(0, bytes - done);
        if (chunk.length === 0) return;
        await handle.write(chunk, 0, chunk.length, from + done);
        whole?.update(chunk);
        done += chunk.length;
        counter.moved(chunk.length);
      });
      if (done < bytes) throw new TransferError(remote.host, source, 'it became shorter while it was read');
    }
  } finally {
    await handle.close();
  }
  await truncate(part, size);
  return { size, sha256: whole ? whole.digest('hex') : await hashFile(part) };
}

/** Reads a command's stdout. Ends the command when `take` throws. */
async function readCommand(
  remote: Remote,
  command: string,
  what: string,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const process = await remote.transport.spawn(command, { group: false });
  const onAbort = (): void => process.release();
  remote.signal.addEventListener('abort', onAbort, { once: true });
  const stderr = new OutputSink(4096);
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  process.stdin.end();
  try {
    for await (const chunk of process.stdout as AsyncIterable<Buffer>) await take(chunk);
    const { exitCode } = await process.ended;
    remote.signal.throwIfAborted();
    if (exitCode !== 0) throw new TransferError(remote.host, what, whyFailed(exitCode, stderr.text()));
  } finally {
    process.release();
    remote.signal.removeEventListener('abort', onAbort);
  }
}

async function preparePart(part: string, file: string): Promise<void> {
  if (lstatSync(part, { throwIfNoEntry: false })?.isFile()) return;
  rmSync(part, { recursive: true, force: true });
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile())
    await copyFile(file, part, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
}

/** Never through a link, whoever put it there. */
function openPart(part: string): Promise<FileHandle> {
  return open(part, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

function partFile(file: string): string {
  const id = createHash('sha256').update(basename(file)).digest('hex').slice(0, 16);
  return join(dirname(file), `.autotest-part-${id}`);
}
