import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { HostTransport } from './transport.ts';
import { OutputSink } from './output-sink.ts';
import { quoteWord } from './quote.ts';
import { TransferError } from '../errors.ts';

export interface UploadOptions {
  readonly host: string;
  readonly mode: number;
  /** sha256, hex. Computed from the source when absent. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
}

/** sha256 of a file, hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readBlocks(file)) hash.update(chunk);
  return hash.digest('hex');
}

const blockBytes = 512 * 1024;

/** Blocks of a file, all in the same buffer: large files must not leave large garbage in a process that lives long. Use each before the next. */
async function* readBlocks(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    // One byte more than a small file has shows its end at once.
    const buffer = Buffer.allocUnsafe(Math.min(blockBytes, (await handle.stat()).size + 1));
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Copies one file to a host. It arrives whole or not at all: written beside its place, compared by sha256 on the host, then renamed. Its directory is made.
 *
 * @param source path of a file here, or the content
 * @throws TransferError, HostLostError
 */
export async function uploadFile(
  transport: HostTransport,
  source: string | Uint8Array,
  target: string,
  options: UploadOptions,
): Promise<void> {
  const sha256 =
    options.sha256 ??
    (typeof source === 'string' ? await hashFile(source) : createHash('sha256').update(source).digest('hex'));
  const script = `umask 077
target=${quoteWord(target)}; dir=\${target%/*}; tmp=$dir/.up.$$
mkdir -p "\${dir:-/}" || exit 71
trap 'rm -f "$tmp"' EXIT
cat >"$tmp" || exit 74
sum=$(sha256sum <"$tmp") || exit 69
[ "\${sum%% *}" = ${sha256} ] || exit 65
chmod ${options.mode.toString(8)} "$tmp" && mv -f "$tmp" "$target"`;
  const process = await transport.spawn(script);
  const stderr = new OutputSink(4096);
  process.stdout.resume();
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const sent = sendTo(process.stdin, source, options.signal).then(
    () => undefined,
    (error: unknown) => {
      // Nothing more will come: the other end must not wait for it.
      process.release();
      return error;
    },
  );
  const end = await process.ended;
  const sendError = await Promise.race([sent, Promise.resolve(undefined)]);
  options.signal?.throwIfAborted();
  if (end.exitCode === 0) return;
  throw new TransferError(options.host, target, whyFailed(end.exitCode, stderr.text()), sendError);
}

async function sendTo(stdin: Writable, source: string | Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  if (typeof source !== 'string') {
    stdin.end(source);
    return;
  }
  const closed = new Promise<never>((_, reject) => {
    stdin.once('close', () => reject(new Error('the stream was closed')));
  });
  closed.catch(() => {});
  for await (const chunk of readBlocks(source)) {
    signal?.throwIfAborted();
    const written = new Promise<void>((resolve, reject) => {
      stdin.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([written, closed]);
  }
  stdin.end();
}

function whyFailed(exitCode: number | undefined, stderr: string): string {
  if (exitCode === 65) return 'what arrived is not what was sent (sha256 differs)';
  if (exitCode === 69) return 'the host has no sha256sum';
  return stderr.trim().slice(0, 500) || `exit code ${exitCode ?? 'unknown'}`;
}
