import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { HostLostError } from '../../errors.ts';
import type { HostProcess, ProcessEnd } from '../transport.ts';
import { PidLine } from './remote-shell.ts';

interface SshProcessOptions {
  readonly host: string;
  /** Undefined: no pid line is expected. */
  readonly marker: string | undefined;
  /** Kills what carries the marker in its environment. */
  readonly sweep: (marker: string) => Promise<void>;
  /** Sends a signal to a `kill` target: a pid, or a group as its negative. */
  readonly signal: (name: string, target: string) => Promise<void>;
  readonly onGone: () => void;
}

/** How long output is waited for after a process ended whose children still hold its stdout. */
const lateOutputMs = 1000;
/** How long a server may take to close a channel whose process ended. */
const closeWaitMs = 2000;
/** How long `kill` waits to learn whom to kill. */
const pidWaitMs = 3000;

/** A process at the other end of an SSH channel. */
export class SshProcess implements HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProcessEnd>;
  readonly #channel: ClientChannel;
  readonly #options: SshProcessOptions;
  readonly #ids: Promise<{ pid: number; pgid: number } | undefined>;
  #givenUp = false;
  #settle: { resolve: (end: ProcessEnd) => void; reject: (error: unknown) => void } | undefined;

  constructor(channel: ClientChannel, options: SshProcessOptions) {
    this.#channel = channel;
    this.#options = options;
    this.stdin = channel;
    this.stderr = channel.stderr;
    const ids = Promise.withResolvers<{ pid: number; pgid: number } | undefined>();
    this.#ids = ids.promise;
    if (options.marker === undefined) {
      this.stdout = channel;
      ids.resolve(undefined);
    } else {
      this.stdout = channel.pipe(new PidLine(options.marker, ids.resolve));
    }
    this.stdin.on('error', () => {});
    const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#settle = { resolve, reject };
    // Whoever only kills it does not look at how it ended.
    promise.catch(() => {});
    this.#watchEnd();
  }

  async pid(): Promise<number | undefined> {
    return (await this.#ids)?.pid;
  }

  async kill(signal: string): Promise<void> {
    const ids = await Promise.race([this.#ids, delay(pidWaitMs, undefined, { ref: false })]);
    if (!this.#settle) return;
    if (!ids) {
      this.#givenUp = true;
      this.#channel.close();
      return;
    }
    // Not the leader of its group: the server put it into somebody else's, which must not die with it.
    const target = ids.pid === ids.pgid ? `-${ids.pgid}` : `${ids.pid}`;
    await this.#options.signal(signal, target).catch(() => {});
  }

  async sweep(): Promise<void> {
    if (this.#options.marker !== undefined) await this.#options.sweep(this.#options.marker).catch(() => {});
  }

  release(): void {
    this.#channel.close();
    this.#gone();
    this.#settle?.resolve({ signal: 'SIGKILL' });
    this.#settle = undefined;
  }

  /** The connection broke: how the process ended will never be known. */
  lost(why: string): void {
    this.#gone();
    this.#settle?.reject(new HostLostError(this.#options.host, why));
    this.#settle = undefined;
    if (this.stdout !== this.#channel) this.stdout.destroy();
  }

  #watchEnd(): void {
    let end: ProcessEnd | undefined;
    this.#channel.once('exit', (exitCode: number | null, signal?: string) => {
      end = { ...(typeof exitCode === 'number' && { exitCode }), ...(signal && { signal }) };
      let timer = setTimeout(() => {
        this.#channel.close();
        // A server that never closes its side: the end is known all the same.
        timer = setTimeout(() => this.#settleWith(end), closeWaitMs);
      }, lateOutputMs);
      this.#channel.once('close', () => clearTimeout(timer));
    });
    this.#channel.once('close', () => {
      const settle = (): void => this.#settleWith(end);
      // What is still in the pipe behind the channel counts as output too.
      if (this.stdout === this.#channel || this.stdout.readableEnded) settle();
      else this.stdout.once('end', settle);
    });
  }

  #settleWith(end: ProcessEnd | undefined): void {
    this.#gone();
    // Without an exit status the server took the channel away, which is no end that says anything.
    // Where it was given up here that is its end.
    const known = end ?? (this.#givenUp ? { signal: 'SIGKILL' } : undefined);
    if (known) this.#settle?.resolve(known);
    else this.#settle?.reject(new HostLostError(this.#options.host, 'the host closed the channel'));
    this.#settle = undefined;
  }

  #gone(): void {
    this.#options.onGone();
  }
}
