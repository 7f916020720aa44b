import { TransferError } from '../../errors.ts';
import { execOn } from '../exec.ts';
import { OutputSink } from '../output-sink.ts';
import { quoteWord } from '../quote.ts';
import type { HostTransport } from '../transport.ts';
import { BlockWriter } from './block-writer.ts';
import { maxListBytes } from './options.ts';

/** A host during one attempt: the connection may be another one in the next. */
export interface Remote {
  readonly transport: HostTransport;
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Runs a script on the host to its end and gives its stdout. @param what names what it is about, for the error @throws TransferError, HostLostError */
export async function runScript(
  remote: Remote,
  script: string,
  what: string,
  stdin?: string | Uint8Array,
): Promise<string> {
  const result = await execOn(remote.transport, script, {
    timeout: '1 day',
    maxOutputBytes: maxListBytes,
    signal: remote.signal,
    label: `transfer of ${what}`,
    ...(stdin !== undefined && { stdin }),
  });
  remote.signal.throwIfAborted();
  if (result.truncatedBytes > 0) throw new TransferError(remote.host, what, 'the host tells of too many files');
  if (result.exitCode !== 0) throw new TransferError(remote.host, what, whyFailed(result.exitCode, result.stderr));
  return result.stdout;
}

/** Runs a script that reads a stream, and gives its stdout, which is to be short. @throws TransferError, HostLostError, and whatever `feed` throws */
export async function feedScript(
  remote: Remote,
  script: string,
  what: string,
  feed: (writer: BlockWriter) => Promise<void>,
): Promise<string> {
  const process = await remote.transport.spawn(script, { group: false });
  const stderr = new OutputSink(4096);
  const stdout = new OutputSink(4096);
  process.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const onAbort = (): void => process.release();
  remote.signal.addEventListener('abort', onAbort, { once: true });
  let feedError: unknown;
  try {
    const writer = new BlockWriter(process.stdin);
    const fed = feed(writer)
      .then(() => writer.end())
      .catch((error: unknown) => {
        feedError = error;
        // Where the host ended first, its words say why; where we did, nothing more will come.
        if (!process.stdin.destroyed) process.release();
      });
    const end = await process.ended;
    remote.signal.throwIfAborted();
    if (end.exitCode !== 0 && end.exitCode !== undefined)
      throw new TransferError(remote.host, what, whyFailed(end.exitCode, stderr.text()), feedError);
    await fed;
    if (feedError !== undefined) throw feedError;
    if (end.exitCode === undefined) throw new TransferError(remote.host, what, whyFailed(undefined, stderr.text()));
    return stdout.text();
  } finally {
    remote.signal.removeEventListener('abort', onAbort);
  }
}

/** sha256 by path of those regular files below a directory that can be read. */
export async function remoteHashes(
  remote: Remote,
  directory: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  if (paths.length === 0) return new Map();
  const script = `cd ${quotePath(directory)} && { xargs -0 sha256sum 2>/dev/null; :; }`;
  const text = await runScript(remote, script, directory, nulList(paths));
  return new Map(text.split('\n').filter(Boolean).map(parseSum));
}

/** A line of sha256sum; a backslash in front says that newline and backslash in the name are escaped. */
export function parseSum(line: string): [path: string, sha256: string] {
  const escaped = line.startsWith('\\');
  const text = escaped ? line.slice(1) : line;
  const name = text.slice(66).replace(/^\.\//, '');
  const path = escaped
    ? name.replace(/\\([\\nr])/g, (_, char: string) => (char === 'n' ? '\n' : char === 'r' ? '\r' : '\\'))
    : name;
  return [path, text.slice(0, 64)];
}

/** Relative paths for `xargs -0`; none of them can be taken for an option. */
export function nulList(paths: readonly string[]): string {
  return paths.map((path) => `./${path}\0`).join('');
}

/** A path for /bin/sh that no program takes for an option. */
export function quotePath(path: string): string {
  return quoteWord(path.startsWith('-') ? `./${path}` : path);
}

export function whyFailed(exitCode: number | undefined, stderr: string): string {
  if (exitCode === 65) return 'what arrived is not what was sent (sha256 differs)';
  return stderr.trim().slice(0, 500) || `exit code ${exitCode ?? 'unknown'}`;
}
