import { spawn, type ChildProcess } from 'node:child_process';
import type { Command, CommandResult, RunOptions } from '../control/command.ts';
import { messageOf } from '../errors/autotest-error.ts';
import { parseDuration } from '../time/duration.ts';
import { systemClock } from '../time/clock.ts';
import { OutputHead } from './output-head.ts';

export interface RunLocalOptions extends RunOptions {
  /** Gets every byte of stdout and stderr as it comes, also what is over `maxOutputBytes`. */
  readonly onOutput?: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void;
  /** How long the group has between SIGTERM and SIGKILL. @default 5000 */
  readonly killGraceMs?: number;
  /** The whole environment, instead of this process's own; `env` is added to it. */
  readonly baseEnv?: NodeJS.ProcessEnv;
  /** Called once with the pid, which is the process group too. */
  readonly onStart?: (pid: number) => void;
}

const defaultTimeoutMs = 3_600_000;
const defaultMaxOutputBytes = 1024 * 1024;
/** A daemon that inherited the pipes must not keep a command that is over from giving its result. */
const pipeGraceMs = 1000;

/**
 * Runs a command on this machine in a process group of its own. A time-out or an abort ends the whole group: SIGTERM, and SIGKILL after the grace.
 * Gives a result whatever happens, also when the program is missing.
 */
export async function runLocal(command: Command, options: RunLocalOptions = {}): Promise<CommandResult> {
  const { maxOutputBytes = defaultMaxOutputBytes, maxOutputLines } = options;
  const stdout = new OutputHead(maxOutputBytes, maxOutputLines);
  const stderr = new OutputHead(maxOutputBytes, maxOutputLines);
  const startedAt = systemClock.monotonicMs();
  const ended = { timedOut: false, aborted: false };
  const exit = options.signal?.aborted
    ? ((ended.aborted = true), {})
    : await runChild(command, options, { stdout, stderr, ended });
  return {
    command: options.label ?? (typeof command === 'string' ? command : command.join(' ')),
    ...exit,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncatedBytes: stdout.droppedBytes + stderr.droppedBytes,
    durationMs: Math.round(systemClock.monotonicMs() - startedAt),
    ...ended,
  };
}

interface Sinks {
  readonly stdout: OutputHead;
  readonly stderr: OutputHead;
  readonly ended: { timedOut: boolean; aborted: boolean };
}

interface Exit {
  readonly exitCode?: number;
  readonly signal?: string;
}

async function runChild(command: Command, options: RunLocalOptions, { stdout, stderr, ended }: Sinks): Promise<Exit> {
  const [file = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...(options.baseEnv ?? process.env), ...options.env },
      detached: true,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    stderr.add(Buffer.from(`${messageOf(error)}\n`));
    return {};
  }
  if (child.pid !== undefined) options.onStart?.(child.pid);
  child.stdout?.on('data', (chunk: Buffer) => (stdout.add(chunk), options.onOutput?.(chunk, 'stdout')));
  child.stderr?.on('data', (chunk: Buffer) => (stderr.add(chunk), options.onOutput?.(chunk, 'stderr')));
  // A command that does not read its input ends the pipe early; that is not our error.
  child.stdin?.on('error', () => undefined);
  if (options.stdin !== undefined) child.stdin?.end(options.stdin);

  const end = (why: 'timedOut' | 'aborted'): void => {
    if (ended.timedOut || ended.aborted) return;
    ended[why] = true;
    endGroup(child, options.killGraceMs ?? 5000);
  };
  const timeoutMs = options.timeout === undefined ? defaultTimeoutMs : parseDuration(options.timeout);
  const cancelTimeout = systemClock.setTimeout(() => end('timedOut'), timeoutMs);
  const onAbort = (): void => end('aborted');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await exitOf(child, stderr);
  } finally {
    cancelTimeout();
    options.signal?.removeEventListener('abort', onAbort);
    // What a command that was ended left in its group goes too.
    if (ended.timedOut || ended.aborted) killGroup(child, 'SIGKILL');
  }
}

function exitOf(child: ChildProcess, stderr: OutputHead): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit = {};
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(exit);
    };
    child.once('error', (error) => {
      stderr.add(Buffer.from(`${error.message}\n`));
      done();
    });
    child.once('exit', (code, signal) => {
      exit = { ...(code !== null && { exitCode: code }), ...(signal !== null && { signal }) };
      timer = setTimeout(done, pipeGraceMs);
    });
    child.once('close', done);
  });
}

function endGroup(child: ChildProcess, graceMs: number): void {
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), graceMs);
  child.once('close', () => clearTimeout(timer));
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}
