import { messageOf } from '@autotest/core';
import { ClientLostError, HostLostError, ResultsDiskFullError } from '../errors.ts';
import { OutputSink } from '../hosts/output-sink.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { clientArgv, type ClientCall } from './client-command.ts';
import { FrameParser } from './frames.ts';
import type { Mirror } from './mirror.ts';

export interface FollowOptions {
  readonly call: ClientCall;
  readonly mirror: Mirror;
  /** The mirrored journal grew. */
  readonly onJournal: () => void;
  /** Something of the tree grew. */
  readonly onGrowth: () => void;
  readonly onBeat: (beat: { readonly clientAlive: boolean; readonly bootId: string }) => void;
  /** Ends following at once. */
  readonly signal: AbortSignal;
}

/** How a `follow` ended: the client is gone and everything was sent; or the stream broke and is to be taken up again. */
export type FollowEnd =
  | { readonly type: 'end'; readonly exitCode?: number }
  | { readonly type: 'broken'; readonly why: string };

/** The client beats every two seconds. */
const silenceMs = 20_000;

/** Follows a session once: mirrors what grows, until the client's end or a break. @throws ResultsDiskFullError, JournalWriteError, ClientLostError */
export async function followOnce(transport: HostTransport, options: FollowOptions): Promise<FollowEnd> {
  const { mirror, call } = options;
  const process = await transport.spawn(clientArgv(call, 'follow'), { group: false });
  const outcome = Promise.withResolvers<FollowEnd>();
  const silence = setTimeout(
    () => outcome.resolve({ type: 'broken', why: `nothing was heard for ${silenceMs / 1000} s` }),
    silenceMs,
  );
  const parser = new FrameParser((frame, data) => {
    silence.refresh();
    switch (frame.type) {
      case 'data':
        if (!mirror.apply(frame, data ?? Buffer.alloc(0))) return;
        if (frame.path === 'journal.ndjson') options.onJournal();
        options.onGrowth();
        return;
      case 'refused':
        mirror.refuse(frame.path, frame.why);
        return;
      case 'beat':
        options.onBeat(frame);
        return;
      case 'end':
        outcome.resolve({ type: 'end', ...(frame.exitCode !== undefined && { exitCode: frame.exitCode }) });
    }
  });
  const stderr = new OutputSink(4096);
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  process.stdout.on('data', (chunk: Buffer) => {
    try {
      parser.push(chunk);
    } catch (error) {
      if (isOurs(error)) outcome.reject(error);
      else outcome.resolve({ type: 'broken', why: messageOf(error) });
    }
  });
  process.ended.then(
    ({ exitCode }) =>
      outcome.resolve({
        type: 'broken',
        why: `follow ended (exit code ${exitCode ?? 'unknown'}) ${stderr.text().trim().slice(-300)}`,
      }),
    (error: unknown) => outcome.resolve({ type: 'broken', why: messageOf(error) }),
  );
  const onAbort = (): void => outcome.reject(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  process.stdin.write(`${JSON.stringify({ have: mirror.have() })}\n`);
  try {
    return await outcome.promise;
  } finally {
    clearTimeout(silence);
    options.signal.removeEventListener('abort', onAbort);
    process.stdin.end();
    process.stdout.removeAllListeners('data');
    process.release();
  }
}

/** Faults that following again cannot cure. */
function isOurs(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    error instanceof ResultsDiskFullError ||
    code === 'AT_RESULTS_DISK_FULL' ||
    code === 'AT_JOURNAL_WRITE' ||
    error instanceof ClientLostError ||
    error instanceof HostLostError
  );
}
