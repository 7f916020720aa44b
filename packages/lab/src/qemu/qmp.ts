import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf } from '@autotest/core';
import { LabError } from '../errors.ts';

/** Something that QEMU tells by itself: `STOP`, `RESET`, `GUEST_PANICKED`. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface QmpOptions {
  readonly timeoutMs: number;
  readonly onEvent?: (event: QmpEvent) => void;
  readonly signal?: AbortSignal;
}

type QmpReply =
  | { readonly id: number; readonly return: unknown }
  | { readonly id: number; readonly error: { readonly class: string; readonly desc: string } };

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A connection to QEMU's monitor (QMP): commands with their answers, and events. When the connection ends, all that waits fails.
 *
 * greeting    QEMU says hello; nothing may be sent before
 * capability  `qmp_capabilities` ends the negotiation
 * open        commands in any number at once, told apart by their id
 * closed      QEMU is gone, or `close` was called
 */
export class QmpClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #timeoutMs: number;
  #lastId = 0;
  #closed = false;

  /** @throws LabError where nobody answers in time */
  static async connect(socketPath: string, options: QmpOptions): Promise<QmpClient> {
    const { timeoutMs, signal } = options;
    const socket = connect(socketPath);
    const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    const give = (): void => void socket.destroy(new Error('no greeting in time'));
    limit.addEventListener('abort', give, { once: true });
    try {
      const client = await new Promise<QmpClient>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('it hung up')));
        const made = new QmpClient(socket, options, () => resolve(made));
      });
      await client.execute('qmp_capabilities');
      return client;
    } catch (error) {
      socket.destroy();
      signal?.throwIfAborted();
      throw new LabError(`QEMU's monitor at ${socketPath} does not answer: ${messageOf(error)}`, { cause: error });
    } finally {
      limit.removeEventListener('abort', give);
    }
  }

  private constructor(socket: Socket, options: QmpOptions, onGreeting: () => void) {
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs;
    this.#onEvent = options.onEvent ?? (() => undefined);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#fail());
    // It passes on the socket's errors, which the end of the socket tells as well.
    const lines = createInterface({ input: socket }).on('error', () => undefined);
    lines.on('line', (line) => this.#take(line, onGreeting));
  }

  /** @throws LabError where QEMU refuses, is gone, or does not answer within the client's time */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(new LabError(`QEMU is gone and cannot carry out ${command}.`));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new LabError(`QEMU did not answer ${command} within ${this.#timeoutMs} ms.`));
      }, this.#timeoutMs);
      const settle = (): void => clearTimeout(timer);
      this.#pending.set(id, {
        command,
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#fail();
  }

  #take(line: string, onGreeting: () => void): void {
    const message = parse(line);
    if (message === undefined) return;
    if ('QMP' in message) onGreeting();
    else if ('event' in message) this.#onEvent(message as unknown as QmpEvent);
    else this.#settle(message as unknown as QmpReply);
  }

  #settle(reply: QmpReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply)
      pending?.reject(
        new LabError(`QEMU refuses ${pending.command}: ${reply.error.desc}`, { details: { ...reply.error } }),
      );
    else pending?.resolve(reply.return);
  }

  #fail(): void {
    this.#closed = true;
    for (const { command, reject } of this.#pending.values()) reject(new LabError(`QEMU ended during ${command}.`));
    this.#pending.clear();
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
