import { parseDuration, type Command, type CommandResult, type Duration, type RunOptions } from '@autotest/core';
import { OutputSink } from './output-sink.ts';
import { showCommand } from './quote.ts';
import type { HostProcess, HostTransport, ProcessEnd } from './transport.ts';

export interface ExecOptions extends Omit<RunOptions, 'tee'> {
  /** Gets all output as it comes, also what is over `maxOutputBytes`. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

const defaultTimeout: Duration = '1 hour';
const defaultMaxOutputBytes = 1024 * 1024;
/** From TERM to KILL, and from KILL to giving the process up. */
const graceMs = 5000;

/**
 * Runs a command on a host to its end. Time-out and abort end the whole process group on the host: TERM, after 5 s KILL; when even that does
 * not bring the end, the process is let go.
 *
 * @throws HostLostError when the connection breaks: how the command went is then unknown
 */
export async function execOn(
  transport: HostTransport,
  command: Command,
  options: ExecOptions = {},
): Promise<CommandResult> {
  const startedAt = performance.now();
  const limit = options.maxOutputBytes ?? defaultMaxOutputBytes;
  const stdout = new OutputSink(limit, options.maxOutputLines);
  const stderr = new OutputSink(limit, options.maxOutputLines);
  const finish = (end: ProcessEnd, ended: 'itself' | 'timedOut' | 'aborted'): CommandResult => ({
    command: options.label ?? showCommand(command),
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.signal !== undefined && { signal: end.signal }),
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncatedBytes: stdout.droppedBytes + stderr.droppedBytes,
    durationMs: Math.round(performance.now() - startedAt),
    timedOut: ended === 'timedOut',
    aborted: ended === 'aborted',
  });
  if (options.signal?.aborted) return finish({}, 'aborted');

  const watch = watchFor(parseDuration(options.timeout ?? defaultTimeout), options.signal);
  const spawned = transport.spawn(command, options);
  const started = await Promise.race([spawned, watch.over]).catch((error: unknown) => {
    watch.dispose();
    throw error;
  });
  if (typeof started === 'string') {
    watch.dispose();
    // A host that gives no channel: what may still start there is ended when it does.
    spawned.then((late) => endGroup(late)).catch(() => {});
    return finish({}, started);
  }
  const process = started;
  process.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    options.onOutput?.('stdout', chunk);
  });
  process.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    options.onOutput?.('stderr', chunk);
  });
  // The process may end without reading its input; that is its affair.
  process.stdin.on('error', () => {});
  process.stdin.end(options.stdin ?? '');

  try {
    const first = await Promise.race([process.ended, watch.over]);
    if (typeof first !== 'string') return finish(first, 'itself');
    return finish(await endGroup(process), first);
  } finally {
    watch.dispose();
  }
}

/** Ends a process group: TERM, KILL, and in the end without knowing how it ended; then what is left of it in other groups. */
export async function endGroup(process: HostProcess, termGraceMs = graceMs): Promise<ProcessEnd> {
  try {
    for (const [signal, waitMs] of [
      ['TERM', termGraceMs],
      ['KILL', graceMs],
    ] as const) {
      const [end] = await Promise.all([within(process.ended, waitMs), within(process.kill(signal), waitMs)]);
      if (end) return end;
    }
    process.release();
    return { signal: 'SIGKILL' };
  } finally {
    // A process that made a session of its own is in another group.
    await within(process.sweep(), graceMs);
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

function watchFor(
  timeoutMs: number,
  signal: AbortSignal | undefined,
): { over: Promise<'timedOut' | 'aborted'>; dispose: () => void } {
  let dispose = (): void => {};
  const over = new Promise<'timedOut' | 'aborted'>((resolve) => {
    const timer = timeoutMs < 2 ** 31 ? setTimeout(resolve, timeoutMs, 'timedOut') : undefined;
    const onAbort = (): void => resolve('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    dispose = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  return { over, dispose };
}
