import { createConnection, type Socket } from 'node:net';
import { parseJsonLine, type FromAutoserv, type ToAutoserv } from '@autotest/core';

export interface ControlHandlers {
  onMessage(message: FromAutoserv): void;
  /** Called once, whether the connection ever stood or not. */
  onClose(): void;
}

const maxLineLength = 64 * 1024;

/** The dispatcher's end of an autoserv's control socket. */
export class ControlConnection {
  readonly #socket: Socket;

  constructor(path: string, handlers: ControlHandlers) {
    this.#socket = createConnection(path);
    this.#socket.setEncoding('utf8');
    let pending = '';
    this.#socket.on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const message = parseMessage(line);
        if (message) handlers.onMessage(message);
      }
      // The other end runs code of strangers; it gets no memory of ours.
      if (pending.length > maxLineLength) this.#socket.destroy();
    });
    // Every error is followed by `close`.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => handlers.onClose());
  }

  send(message: ToAutoserv): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function parseMessage(line: string): FromAutoserv | undefined {
  let value: unknown;
  try {
    value = parseJsonLine(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const message = value as { [field in string]?: unknown };
  switch (message.type) {
    case 'hello':
      return Number.isSafeInteger(message.pid) && Number.isSafeInteger(message.executionId)
        ? (value as FromAutoserv)
        : undefined;
    case 'journal':
    case 'heartbeat':
    case 'ended':
      return value as FromAutoserv;
    default:
      return undefined;
  }
}
