import { createConnection, type Socket } from 'node:net';
import {
  type Cause,
  exitClasses,
  isPlainObject,
  parseJsonLine,
  type ExitClass,
  type FromAutoserv,
  type JsonValue,
  type ToAutoserv,
} from '@autotest/core';

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

/** What a line says; undefined for a line that says nothing known. */
function parseMessage(line: string): FromAutoserv | undefined {
  let value: JsonValue;
  try {
    value = parseJsonLine(line);
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const { type, executionId, epoch, pid, journalBytes, t } = value;
  const known = {
    executionId: integer(executionId),
    epoch: integer(epoch),
    pid: integer(pid),
    journalBytes: integer(journalBytes),
  };
  switch (type) {
    case 'hello':
      return known.executionId > 0 && known.pid > 1 ? { type, ...known } : undefined;
    case 'journal':
      return { type, journalBytes: known.journalBytes };
    case 'heartbeat':
      return { type, t: integer(t) };
    case 'ended':
      return isExitClass(value.exitClass)
        ? { type, exitClass: value.exitClass, ...causeOf(value.cause), journalBytes: known.journalBytes }
        : undefined;
    default:
      return undefined;
  }
}

function causeOf(value: JsonValue | undefined): { cause?: Cause } {
  if (!isPlainObject(value)) return {};
  const { code, message } = value;
  return typeof code === 'string' && typeof message === 'string' ? { cause: { code, message } } : {};
}

function integer(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}

function isExitClass(value: JsonValue | undefined): value is ExitClass {
  return exitClasses.some((exitClass) => exitClass === value);
}
