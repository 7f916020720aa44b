import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { heartbeatIntervalMs, type Cause, type ExitClass, type FromAutoserv, type ToAutoserv } from '@autotest/core';

export interface ControlSocketOptions {
  readonly path: string;
  readonly executionId: number;
  readonly epoch: number;
  readonly journalBytes: () => number;
  readonly onMessage: (message: ToAutoserv) => void;
}

const maxLineBytes = 64 * 1024;
/** How long growth of the journal is gathered into one message. */
const coalesceMs = 4;

/** Listens for dispatchers; tells each that connects that there is news, and takes what they ask. Works on when nobody is there. */
export class ControlSocket {
  readonly #options: ControlSocketOptions;
  readonly #server: Server;
  readonly #peers = new Set<Socket>();
  readonly #heartbeat: NodeJS.Timeout;
  #growth: NodeJS.Timeout | undefined;

  private constructor(options: ControlSocketOptions) {
    this.#options = options;
    this.#server = createServer((peer) => this.#welcome(peer));
    this.#heartbeat = setInterval(() => this.#send({ type: 'heartbeat', t: Date.now() }), heartbeatIntervalMs);
    this.#heartbeat.unref();
  }

  /** Whoever holds the lock of the results directory may take the path over from a predecessor. */
  static async listen(options: ControlSocketOptions): Promise<ControlSocket> {
    // The dispatcher made the directory on its own machine only.
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    rmSync(options.path, { force: true });
    const socket = new ControlSocket(options);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.#server.once('error', reject);
        socket.#server.listen(options.path, resolve);
      });
    } catch (error) {
      clearInterval(socket.#heartbeat);
      throw error;
    }
    // From here on a broken listener must not end the execution.
    socket.#server.on('error', () => {});
    return socket;
  }

  /** The journal grew: tells it within a few ms. */
  journalGrew(): void {
    this.#growth ??= setTimeout(() => {
      this.#growth = undefined;
      this.#send({ type: 'journal', journalBytes: this.#options.journalBytes() });
    }, coalesceMs);
  }

  /** Says the last word and closes, after the peers took it or a second. */
  async end({ exitClass, cause }: { readonly exitClass: ExitClass; readonly cause?: Cause }): Promise<void> {
    clearTimeout(this.#growth);
    clearInterval(this.#heartbeat);
    this.#send({ type: 'ended', exitClass, ...(cause && { cause }), journalBytes: this.#options.journalBytes() });
    const closed = [...this.#peers].map((peer) => new Promise((resolve) => peer.end(() => resolve(undefined))));
    this.#server.close();
    await Promise.race([Promise.all(closed), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    for (const peer of this.#peers) peer.destroy();
    rmSync(this.#options.path, { force: true });
  }

  #welcome(peer: Socket): void {
    this.#peers.add(peer);
    peer.on('error', () => {});
    peer.on('close', () => this.#peers.delete(peer));
    let buffered = '';
    peer.setEncoding('utf8');
    peer.on('data', (chunk: string) => {
      buffered += chunk;
      const lines = buffered.split('\n');
      buffered = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
      if (buffered.length > maxLineBytes) peer.destroy();
    });
    const { executionId, epoch, journalBytes } = this.#options;
    write(peer, { type: 'hello', executionId, epoch, pid: process.pid, journalBytes: journalBytes() });
  }

  #take(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (isMessage(message)) this.#options.onMessage(message);
  }

  #send(message: FromAutoserv): void {
    for (const peer of this.#peers) write(peer, message);
  }
}

function write(peer: Socket, message: FromAutoserv): void {
  // Who does not read gets no more: the journal file holds everything.
  if (peer.writableLength < 1024 * 1024) peer.write(`${JSON.stringify(message)}\n`);
}

function isMessage(value: unknown): value is ToAutoserv {
  if (typeof value !== 'object' || value === null) return false;
  const { type, by, reason } = value as Record<string, unknown>;
  return type === 'ping' || (type === 'abort' && typeof by === 'string' && typeof reason === 'string');
}
