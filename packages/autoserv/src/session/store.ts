import { TransferError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { uploadFile, type UploadOptions } from '../hosts/upload.ts';

/*
 * What is kept on a host between jobs: runtime/<sha256>/node, client/<sha256>/client.mjs, bundles/<sha256>/…
 *
 * Each thing appears under its name whole (written beside it, compared by hash, renamed), and is never changed. A session links what it uses into its own directory, so deleting here
 * takes nothing from what runs; a file with more than one link is in use. The time of a thing's directory is that of its last use.
 */

/** How long another installer's upload of the same thing is waited for. */
const lockWaitSeconds = 300;

/**
 * Stores a file under its hash. Of several autoservs that want to do so at once, one sends it and the others wait. A lock whose holder is gone — another boot, or no such process — is void.
 *
 * @throws TransferError, HostLostError
 */
export async function storeFile(
  transport: HostTransport,
  source: string,
  target: string,
  options: UploadOptions & { readonly sha256: string },
): Promise<void> {
  const directory = target.slice(0, target.lastIndexOf('/'));
  const holder = await transport.spawn(lockScript(`${directory}.lock`, target), { group: false });
  const word = new Promise<string>((resolve) => {
    let text = '';
    holder.stdout.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(0, 1000);
      if (text.includes('\n')) resolve(text.trim());
    });
    holder.ended.then(
      () => resolve(text.trim()),
      () => resolve(''),
    );
  });
  holder.stderr.resume();
  const onAbort = (): void => holder.release();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = await word;
    options.signal?.throwIfAborted();
    if (answer === 'there') return;
    if (answer !== 'yours')
      throw new TransferError(options.host, target, answer || 'the lock of its directory could not be taken');
    await uploadFile(transport, source, target, options);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    // The lock goes with whoever holds it: its shell ends when its stdin does.
    holder.stdin.end();
    await Promise.race([holder.ended.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    holder.release();
  }
}

/** Holds a lock until its stdin ends. Says `there` when the thing came meanwhile, `yours` when the lock is held, else why not. */
function lockScript(lock: string, target: string): string {
  return `umask 077
lock=${quoteWord(lock)}; target=${quoteWord(target)}
mkdir -p "\${lock%/*}" || { echo "its directory cannot be made"; exit 0; }
read -r boot </proc/sys/kernel/random/boot_id
left=${lockWaitSeconds}
until ln -s "$$ $boot" "$lock" 2>/dev/null; do
  [ ! -e "$target" ] || { echo there; exit 0; }
  of=$(readlink "$lock") || { [ -w "\${lock%/*}" ] || { echo "its directory cannot be written"; exit 0; }; of=; }
  if [ -n "$of" ] && { [ "\${of#* }" != "$boot" ] || ! kill -0 "\${of%% *}" 2>/dev/null; }; then
    mv "$lock" "$lock.$$" 2>/dev/null && rm -f "$lock.$$"; continue
  fi
  left=$((left - 1)); [ $left -gt 0 ] || { echo "process \${of%% *} on the host has been sending it for too long"; exit 0; }
  sleep 1
done
trap 'rm -f "$lock"' EXIT; trap 'exit 0' HUP TERM INT
[ ! -e "$target" ] || { echo there; exit 0; }
echo yours
read -r x
true`;
}

/** Newest of each kind that are kept whatever happens, and days after which others go. */
const kept = { runtime: 2, client: 3, bundles: 50 };
const maxAgeDays = 30;

/**
 * Deletes what was not used for long, and what torn uploads left; where less than `needBytes` is free then, everything that no session uses. Gives the bytes that are free.
 *
 * @throws HostLostError
 */
export async function tidyStore(
  transport: HostTransport,
  base: string,
  needBytes: number,
  signal: AbortSignal,
): Promise<number> {
  const script = `cd ${quoteWord(base)} || exit 0
used() { [ -n "$(find "$1" -type f -links +1 2>/dev/null | head -n 1)" ]; }
free() { df -Pk . 2>/dev/null | awk 'NR==2{print $4}'; }
prune() {
  ls -1t "$1" 2>/dev/null | grep -E '^[0-9a-f]{64}$' | tail -n "+$(($2 + 1))" | while read -r d; do
    [ -z "$3" ] || [ -n "$(find "$1/$d" -maxdepth 0 -mtime "+$3" 2>/dev/null)" ] || continue
    used "$1/$d" || rm -rf "$1/$d"
  done
}
find runtime client bundles -maxdepth 2 \\( -name '.up.*' -o -name '.draft.*' \\) -mtime +0 -exec rm -rf {} + 2>/dev/null
${Object.entries(kept)
  .map(([kind, count]) => `prune ${kind} ${count} ${maxAgeDays}`)
  .join('; ')}
if [ "$(free)" -lt ${Math.ceil(needBytes / 1024)} ]; then ${Object.keys(kept)
    .map((kind) => `prune ${kind} 0 ''`)
    .join('; ')}; fi
free`;
  const result = await execOn(transport, script, { timeout: 120_000, signal });
  signal.throwIfAborted();
  const freeKb = Number(result.stdout.trim().split('\n').at(-1));
  // A host that cannot say it gets the chance to fail by itself.
  return result.stdout.trim() === '' || !Number.isFinite(freeKb) ? Number.POSITIVE_INFINITY : freeKb * 1024;
}
