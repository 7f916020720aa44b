import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { TransferError } from '../../errors.ts';
import type { BlockWriter } from './block-writer.ts';
import type { TransferCounter } from './counter.ts';
import type { LocalEntry } from './local-tree.ts';
import type { TransferSettings } from './options.ts';
import { chmodCommands, placeScript } from './place-script.ts';
import { feedScript, quotePath, type Remote } from './remote.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

export interface ArchiveTarget {
  readonly directory: string;
  /** Name of a directory below it that is for this transfer alone. */
  readonly stage: string;
  readonly settings: TransferSettings;
  readonly counter: TransferCounter;
}

/**
 * Sends files and links in one archive. The last thing in it is the script that compares the files with what was sent and renames them: an archive that
 * was cut off changes nothing, and its stage is deleted when the command ends.
 *
 * @throws TransferError, HostLostError
 */
export async function sendArchive(
  remote: Remote,
  entries: readonly LocalEntry[],
  target: ArchiveTarget,
): Promise<void> {
  const script = `umask 077
cd ${quotePath(target.directory)} || exit 71
s=./${target.stage}; rm -rf "$s"
trap 'rm -rf "$s"' EXIT; trap 'exit 75' HUP TERM INT PIPE
mkdir "$s" || exit 71
tar -xopmf - -C "$s" || exit 74
[ -f "$s/place" ] || { echo 'the archive was cut off' >&2; exit 74; }
. "$s/place"`;
  await feedScript(remote, script, target.directory, (writer) => writeArchive(writer, remote.host, entries, target));
  target.counter.finished(entries.length);
}

async function writeArchive(
  writer: BlockWriter,
  host: string,
  entries: readonly LocalEntry[],
  { settings, counter }: ArchiveTarget,
): Promise<void> {
  const sums = new Map<string, string>();
  for (const entry of entries) {
    settings.signal.throwIfAborted();
    const mode = settings.preservePermissions ? entry.mode : 0o644;
    // Where it may not be read it could not be compared either: that mode comes later.
    const { kind, target } = entry;
    const size = kind === 'file' ? entry.size : 0;
    await writer.write(
      tarHeader({
        path: `t/${entry.path}`,
        kind: kind === 'link' ? 'link' : 'file',
        mode: mode | 0o400,
        size,
        ...(target !== undefined && { target }),
      }),
    );
    if (kind !== 'file') continue;
    sums.set(entry.path, await writeContent(writer, host, entry));
    await writer.write(tarPadding(size));
    counter.moved(size);
  }
  const hidden = settings.preservePermissions
    ? entries.filter(({ kind, mode }) => kind === 'file' && !(mode & 0o400))
    : [];
  const place = Buffer.from(placeScript(sums, entries) + chmodCommands(hidden));
  await writer.write(tarHeader({ path: 'place', kind: 'file', mode: 0o600, size: place.length }));
  await writer.write(place);
  await writer.write(tarPadding(place.length));
  await writer.write(tarEnd);
}

/** Gives the sha256 of what was sent, which is what the file was at that moment. */
async function writeContent(writer: BlockWriter, host: string, { file, size }: LocalEntry): Promise<string> {
  const hash = createHash('sha256');
  if (size <= smallBytes) {
    const content = readSmall(file, size);
    if (content.length < size) throw new TransferError(host, file, 'it became shorter while it was read');
    await writer.write(content);
    return hash.update(content).digest('hex');
  }
  const handle = await open(file, 'r');
  try {
    const sent = await writer.copy(handle, 0, size, (chunk) => hash.update(chunk));
    if (sent < size) throw new TransferError(host, file, 'it became shorter while it was read');
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Up to here a file is read at once and without threads, which for thousands of small ones takes most of the time. */
const smallBytes = 64 * 1024;

function readSmall(file: string, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  const fd = openSync(file, 'r');
  try {
    return buffer.subarray(0, size === 0 ? 0 : readSync(fd, buffer, 0, size, 0));
  } finally {
    closeSync(fd);
  }
}
