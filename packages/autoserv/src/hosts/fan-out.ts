import { parseDuration, type Command, type CommandResult, type Duration, type HostSpec } from '@autotest/core';
import { HostConnection } from './connection.ts';
import type { ExecOptions } from './exec.ts';
import { Slots } from './slots.ts';

export interface FanOutOptions extends Pick<ExecOptions, 'stdin' | 'env' | 'cwd' | 'maxOutputBytes'> {
  /** Hosts at once. @default 64 */
  readonly parallel?: number;
  /** Hosts that are being connected to at once: a handshake costs processor time, waiting for a command costs none. @default 16 */
  readonly connecting?: number;
  /** Of the command on each host, from its start. Ends it there. @default '1 hour' */
  readonly timeout?: Duration;
  /** @default '20 seconds' */
  readonly connectTimeout?: Duration;
  /** Ends what runs on every host and begins no more. */
  readonly signal?: AbortSignal;
  /** All output as it comes, also what is over `maxOutputBytes`. */
  readonly onOutput?: (host: string, stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** A host that has no pinned key showed this one. */
  readonly onNewHostKey?: (host: string, key: string) => void;
  /** Where the user's keys and agent are found. @default process.env */
  readonly processEnv?: NodeJS.ProcessEnv;
}

/** What came of one host: a result, or why there is none. */
export interface HostResult {
  readonly host: string;
  readonly result?: CommandResult;
  /** HostUnreachableError, HostAuthError, HostKeyMismatchError, HostLostError. */
  readonly error?: Error;
}

/**
 * Runs a command on many hosts at once. Each host's failure is its own; results come in the order in which hosts finish. Whoever stops reading ends what
 * runs.
 *
 * ```ts
 * for await (const { host, result, error } of runOnHosts(hosts, ['uptime'], { parallel: 100, timeout: '30 s' }))
 *   console.log(host, error?.message ?? result?.stdout);
 * ```
 */
export async function* runOnHosts(
  hosts: readonly HostSpec[],
  command: Command,
  options: FanOutOptions = {},
): AsyncGenerator<HostResult, void, undefined> {
  const leaving = new AbortController();
  const run: Run = {
    command,
    options,
    signal: options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal,
    connecting: new Slots(Math.max(1, options.connecting ?? 16)),
  };
  const waiting = hosts.values();
  const finished: HostResult[] = [];
  let wake: (() => void) | undefined;
  const worker = async (): Promise<void> => {
    for (const spec of waiting) {
      if (run.signal.aborted) return;
      finished.push(await runOnHost(spec, run));
      wake?.();
    }
  };
  let ended = false;
  const count = Math.max(1, Math.min(options.parallel ?? 64, hosts.length));
  const workers = Promise.all(Array.from({ length: count }, worker)).then(() => {
    ended = true;
    wake?.();
  });
  try {
    for (;;) {
      const next = finished.shift();
      if (next) yield next;
      else if (ended) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    leaving.abort();
    await workers;
  }
}

interface Run {
  readonly command: Command;
  readonly options: FanOutOptions;
  readonly signal: AbortSignal;
  readonly connecting: Slots;
}

async function runOnHost(spec: HostSpec, run: Run): Promise<HostResult> {
  const { options } = run;
  const host = spec.name;
  const connection = new HostConnection(spec, {
    reconnectMs: 0,
    connectTimeoutMs: parseDuration(options.connectTimeout ?? '20 seconds'),
    firstAttempts: 1,
    record: (body) => body.kind === 'hostKey' && options.onNewHostKey?.(host, body.key),
    env: options.processEnv ?? process.env,
  });
  try {
    const release = await run.connecting.take();
    try {
      await connection.connect({ signal: run.signal });
    } finally {
      release();
    }
    const result = await connection.exec(run.command, {
      signal: run.signal,
      timeout: options.timeout ?? '1 hour',
      ...(options.stdin !== undefined && { stdin: options.stdin }),
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.maxOutputBytes !== undefined && { maxOutputBytes: options.maxOutputBytes }),
      ...(options.onOutput && { onOutput: (stream, chunk) => options.onOutput?.(host, stream, chunk) }),
    });
    return { host, result };
  } catch (error) {
    return { host, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    await connection.close();
  }
}
