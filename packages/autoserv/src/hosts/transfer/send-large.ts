import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { TransferError } from '../../errors.ts';
import { hashFile } from '../upload.ts';
import { localBlockHashes, missingRuns, planBlocks, remoteBlockHashes } from './blocks.ts';
import type { LocalEntry } from './local-tree.ts';
import { quoteWord } from '../quote.ts';
import { feedScript, quotePath, runScript, type Remote } from './remote.ts';
import type { ArchiveTarget } from './send-archive.ts';

/**
 * Sends one large file by way of a part file beside its place, whose name depends on the place alone. A part that an earlier attempt left behind, or else a
 * copy of the file that is there, is the start: its blocks are compared by sha256 and only those that differ are sent. The whole is compared, then renamed.
 *
 * @param there what the host has at the place
 * @param partIsThere the host has something at the part's place; otherwise looking for it is a round trip for nothing
 * @throws TransferError, HostLostError
 */
export async function sendLarge(
  remote: Remote,
  entry: LocalEntry,
  there: { readonly kind: string; readonly size: number } | undefined,
  partIsThere: boolean,
  { directory, settings, counter }: ArchiveTarget,
): Promise<void> {
  const place = `${directory}/${entry.path}`;
  const part = partFile(place);
  const plan = planBlocks(entry.size);
  const isNew = there === undefined && !partIsThere;
  const start = isNew ? 0 : await preparePart(remote, part, there?.kind === 'file' ? place : undefined);
  const whole = start === 0;
  const hash = createHash('sha256');
  let arrived: string | undefined;
  const runs = whole
    ? [{ start: 0, count: plan.count }]
    : missingRuns(await localBlockHashes(entry.file, plan), await remoteBlockHashes(remote, part, plan, start));
  const handle = await open(entry.file, 'r');
  try {
    for (const run of runs) {
      const from = run.start * plan.blockBytes;
      const bytes = Math.min(run.count * plan.blockBytes, entry.size - from);
      // A pipe gives dd less than a block at a time; it writes what it gets, one behind the other.
      const seek = (run.start * plan.blockBytes) / ddBytes;
      const at = quotePath(part);
      // The whole is hashed on its way to the disk, which takes no time of its own.
      const write = whole
        ? `tee ${at} | sha256sum`
        : `e=$(dd of=${at} bs=${ddBytes} seek=${seek} conv=notrunc 2>&1 >/dev/null) || { echo "$e" >&2; exit 74; }`;
      const script = `umask 077; ${write}
[ "$(wc -c <${at})" -ge ${from + bytes} ] || { echo 'it arrived incomplete' >&2; exit 74; }`;
      const told = await feedScript(remote, script, place, async (writer) => {
        const sent = await writer.copy(handle, from, bytes, (chunk) => {
          if (whole) hash.update(chunk);
          counter.moved(chunk.length);
        });
        if (sent < bytes) throw new TransferError(remote.host, entry.file, 'it became shorter while it was read');
      });
      if (whole) arrived = told.slice(0, 64);
    }
  } catch (error) {
    if (error instanceof TransferError) await runScript(remote, `rm -f ${quotePath(part)}`, place).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  await finishPart(remote, part, place, {
    size: entry.size,
    sha256: whole ? hash.digest('hex') : await hashFile(entry.file),
    ...(arrived !== undefined && { arrived }),
    mode: settings.preservePermissions ? entry.mode : 0o644,
  });
  counter.finished(1);
}

const ddBytes = 64 * 1024;

/** Hidden, beside the file, and found again by whoever sends to the same place. */
export function partFile(place: string): string {
  const at = place.lastIndexOf('/') + 1;
  const id = createHash('sha256').update(place.slice(at)).digest('hex').slice(0, 16);
  return `${place.slice(0, at)}.autotest-part-${id}`;
}

/** Bytes of the part that is there, or of the copy that was made of the present file; 0 for a fresh start. */
async function preparePart(remote: Remote, part: string, old: string | undefined): Promise<number> {
  const at = quotePath(part);
  const copy = old === undefined ? ':' : `cp -f -- ${quotePath(old)} ${at}`;
  // What is no file of its own here was put there by somebody else: it must not be written through.
  const script = `umask 077; [ -f ${at} ] && [ ! -L ${at} ] || { rm -rf ${at}; ${copy}; }; [ -f ${at} ] && chmod 600 ${at} && wc -c <${at} || { : >${at} && echo 0; }`;
  return Number((await runScript(remote, script, part)).trim()) || 0;
}

async function finishPart(
  remote: Remote,
  part: string,
  place: string,
  about: { readonly size: number; readonly sha256: string; readonly arrived?: string; readonly mode: number },
): Promise<void> {
  const at = quotePath(part);
  const script = `if [ "$(wc -c <${at})" -gt ${about.size} ]; then dd if=/dev/null of=${at} bs=1 seek=${about.size} 2>/dev/null || exit 74; fi
sum=${about.arrived === undefined ? `$(sha256sum <${at}) || exit 69` : quoteWord(about.arrived)}
[ "\${sum%% *}" = ${about.sha256} ] || { rm -f ${at}; exit 65; }
chmod ${about.mode.toString(8)} ${at} && mv -f ${at} ${quotePath(place)}`;
  await runScript(remote, script, place);
}
