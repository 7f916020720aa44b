import { messageOf } from '@autotest/core';
import { ClientLostError, HostLostError, HostUnfitError, ResultsDiskFullError } from '../errors.ts';
import { OutputSink } from '../hosts/output-sink.ts';
import type { HostProcess } from '../hosts/transport.ts';
import { FrameParser } from './frames.ts';
import type { Mirror } from './mirror.ts';

export interface FollowOptions {
  readonly host: string;
  readonly mirror: Mirror;
  /** The command starts the client first: what it says before that is about why it does not. */
  readonly toStart: boolean;
  readonly onStarted: () => void;
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

/** Follows a session once, through a client command `follow`: mirrors what grows, until the client's end or a break. @throws HostUnfitError for a client that does not start, ResultsDiskFullError, JournalWriteError, ClientLostError */
export async function followOnce(process: HostProcess, options: FollowOptions): Promise<FollowEnd> {
  const { mirror } = options;
  let started = !options.toStart;
  const outcome = Promise.withResolvers<FollowEnd>();
  const silence = setTimeout(
    () => outcome.resolve({ type: 'broken', why: `nothing was heard for ${silenceMs / 1000} s` }),
    silenceMs,
  );
  const parser = new FrameParser((frame, data) => {
    silence.refresh();
    switch (frame.type) {
      case 'started':
        started = true;
        options.onStarted();
        return;
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
  // It stands still behind the preamble.
  process.stdout.on('data', (chunk: Buffer) => {
    try {
      parser.push(chunk);
    } catch (error) {
      if (isOurs(error)) outcome.reject(error);
      else outcome.resolve({ type: 'broken', why: messageOf(error) });
    }
  });
  process.stdout.resume();
  process.ended.then(
    ({ exitCode }) => {
      const why = stderr.text().trim().slice(-500);
      if (started || exitCode === undefined)
        outcome.resolve({ type: 'broken', why: `follow ended (exit code ${exitCode ?? 'unknown'}) ${why}` });
      else
        outcome.reject(
          new HostUnfitError(options.host, `the client did not start: ${why}`, 'Look into debug/autoserv.log.'),
        );
    },
    (error: unknown) => outcome.resolve({ type: 'broken', why: messageOf(error) }),
  );
  const onAbort = (): void => outcome.reject(options.signal.reason);
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
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
