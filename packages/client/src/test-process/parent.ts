import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  formatDuration,
  messageOf,
  resultOutcomes,
  systemClock,
  type RecordBody,
  type RebootOptions,
} from '@autotest/core';
import { JobAbortedError, checkRecordSize, type LeafEnd } from '@autotest/core/runtime';
import { OutputLog } from '../logs/output-log.ts';
import { killMarked, signalProcess } from '../processes/kill.ts';
import { testMarker } from '../processes/marked.ts';
import { checkFromTest, type FromTest, type TestRunSpec, type ToTest } from './messages.ts';

export interface TestProcessOptions {
  /** The client's own program: `[program, 'test']` is run with Node. */
  readonly program: string;
  readonly spec: TestRunSpec;
  /** Names this run of the test among all that run on the machine. */
  readonly id: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs?: number | undefined;
  /** What the test may take to clean up when it is told to end. */
  readonly graceMs: number;
  /** Fires when the job ends. */
  readonly signal: AbortSignal;
  /** Writes a record of the test, `below` its scope. */
  record(body: RecordBody, below: readonly string[]): void;
  sync(): void;
  /** Reboots; never resolves unless it fails. */
  reboot(options: RebootOptions): Promise<never>;
  onOutput(bytes: number): void;
}

/** Runs a test in a process of its own and gives its outcome, whatever the process does. Everything the test started is gone afterwards. */
export async function runTestProcess(options: TestProcessOptions): Promise<LeafEnd> {
  const outputDir = join(options.spec.resultsDir, options.spec.subdir);
  mkdirSync(join(outputDir, 'debug'), { recursive: true });
  const log = new OutputLog(outputDir, options.spec.subdir);
  try {
    const test = new TestProcess(options, log);
    const end = await test.outcome;
    await test.leftovers.promise;
    return end;
  } finally {
    log.close();
    rmSync(options.spec.tmpDir, { recursive: true, force: true });
  }
}

const maxReasonLength = 32 * 1024;

class TestProcess {
  readonly outcome: Promise<LeafEnd>;
  /** Resolves when nothing is left of what the test started. */
  readonly leftovers = Promise.withResolvers<void>();
  readonly #options: TestProcessOptions;
  readonly #child: ChildProcess;
  readonly #teardowns: (() => void)[] = [];
  #verdict: Extract<FromTest, { type: 'outcome' }> | undefined;
  #ending: { readonly timedOut: boolean; readonly reason: string } | undefined;
  #spawnError: Error | undefined;
  #outputBytes = 0;
  /** Why its records could not be written. */
  #broken: string | undefined;
  /** The machine goes down on the test's wish: that its process ends is no news. */
  #rebooting = false;

  constructor(options: TestProcessOptions, log: OutputLog) {
    this.#options = options;
    this.#child = spawn(process.execPath, [options.program, 'test'], {
      detached: true,
      env: { ...options.env, [testMarker]: options.id },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const onData = (chunk: Buffer): void => {
      log.write(chunk);
      this.#outputBytes += chunk.length;
      options.onOutput(chunk.length);
    };
    this.#child.stdout?.on('data', onData);
    this.#child.stderr?.on('data', onData);
    // At once, because what the test left behind may hold its output open.
    this.#child.once('exit', () => void killMarked(testMarker, options.id).finally(() => this.leftovers.resolve()));
    if (this.#child.pid === undefined) this.leftovers.resolve();
    this.#child.on('message', (message) => this.#receive(message));
    this.#watchLimits();
    this.outcome = this.#ended();
  }

  async #ended(): Promise<LeafEnd> {
    const exit = await exitOf(this.#child, (error) => (this.#spawnError = error));
    if (this.#rebooting) return new Promise(() => undefined);
    for (const teardown of this.#teardowns) teardown();
    return this.#endOf(exit);
  }

  #endOf({ code, signal }: { code: number | null; signal: string | null }): LeafEnd {
    if (this.#broken !== undefined) return { outcome: 'error', reason: this.#broken };
    if (this.#ending?.timedOut) return { outcome: 'timeout', reason: this.#ending.reason };
    if (this.#ending) return { outcome: 'abort', reason: this.#ending.reason };
    if (this.#verdict) {
      const { outcome, endsJob } = this.#verdict;
      const reason = this.#verdict.reason?.slice(0, maxReasonLength);
      if (!resultOutcomes.includes(outcome)) return { outcome: 'error', reason: `unknown outcome ${outcome}` };
      return { outcome, reason, ...(endsJob && { jobError: new JobAbortedError(reason ?? 'a test ended the job') }) };
    }
    if (this.#spawnError)
      return { outcome: 'error', reason: `The test's process did not start: ${this.#spawnError.message}` };
    if (signal !== null) return { outcome: 'error', reason: `The test's process was killed by ${signal}` };
    return { outcome: 'error', reason: `The test's process ended with exit code ${code} before the test did` };
  }

  #receive(raw: unknown): void {
    const message = checkFromTest(raw);
    if (!message)
      return this.#options.record({ kind: 'problem', source: 'test process', message: 'unknown message' }, []);
    switch (message.type) {
      case 'ready':
        return this.#send({ type: 'run', spec: this.#options.spec });
      case 'record':
        return this.#write(() => {
          checkRecordSize(message.body);
          this.#options.record(message.body, message.below);
        });
      case 'step':
        return this.#write(() => {
          checkRecordSize(message.body);
          this.#options.record(message.body, message.below);
          this.#options.sync();
          this.#send({ type: 'done', id: message.id });
        });
      case 'reboot':
        this.#rebooting = true;
        void this.#reboot(message.options).catch((error: unknown) => {
          this.#rebooting = false;
          this.#send({ type: 'failed', id: message.id, message: messageOf(error) });
        });
        return undefined;
      case 'outcome':
        this.#verdict = message;
    }
    return undefined;
  }

  async #reboot(options: RebootOptions): Promise<void> {
    // What the test wrote before it asked is in the pipes already and comes with the next turns of the event loop.
    for (let quiet = 0; quiet < 3; quiet++) {
      const before = this.#outputBytes;
      await delay(1);
      if (this.#outputBytes !== before) quiet = 0;
    }
    await this.#options.reboot(options);
  }

  /** A record that cannot be written ends the test, not the client. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#broken ??= messageOf(error);
      this.#end(this.#broken, false);
    }
  }

  #watchLimits(): void {
    const { timeoutMs, signal } = this.#options;
    if (timeoutMs !== undefined) {
      const reason = `Test timeout of ${formatDuration(timeoutMs)} expired`;
      this.#teardowns.push(systemClock.setTimeout(() => this.#end(reason, true), timeoutMs));
    }
    const onAbort = (): void => this.#end(messageOf(signal.reason), false);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#teardowns.push(() => signal.removeEventListener('abort', onAbort));
  }

  /** Asks the test to end, and ends it when it does not. */
  #end(reason: string, timedOut: boolean): void {
    if (this.#ending || this.#verdict) return;
    this.#ending = { reason, timedOut };
    this.#send({ type: 'abort', reason, timedOut });
    const { pid } = this.#child;
    const kill = (): void => void (pid !== undefined && signalProcess(-pid, 'SIGKILL'));
    this.#teardowns.push(systemClock.setTimeout(kill, this.#options.graceMs));
  }

  #send(message: ToTest): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

/** A process that inherited the test's output and cannot be found must not keep the test from ending. */
const pipeGraceMs = 5000;

function exitOf(
  child: ChildProcess,
  onError: (error: Error) => void,
): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onError(error);
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => {
      const done = (): void => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ code, signal });
      };
      const timer = setTimeout(done, pipeGraceMs);
      child.once('close', done);
    });
  });
}
