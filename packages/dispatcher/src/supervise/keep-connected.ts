import { existsSync } from 'node:fs';
import type { FromAutoserv, ToAutoserv } from '@autotest/core';
import { ControlConnection } from './control-connection.ts';
import { onSocket } from './socket-watch.ts';

/** After the socket came to be, or an answered connection broke: the next try, and each further one later. */
const firstRetryMs = 2;
const reconnectDelayMs = 20;
/** A net, where nobody tells that the socket has come to be. */
const maxReconnectDelayMs = 1000;

export interface KeepConnectedOptions {
  readonly socketPath: string;
  /** False once the process is gone: nothing is connected to any more. */
  readonly isWanted: () => boolean;
  readonly onMessage: (message: FromAutoserv) => void;
  /** A connection broke or did not come about, though there is or was a socket: the process may be gone. */
  readonly onSilence: () => void;
  /** Calls once; gives a function that calls it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface KeptConnection {
  /** Does nothing while there is no connection. */
  send(message: ToAutoserv): void;
  close(): void;
}

/** Connects to a control socket as soon as it comes to be, and again when it breaks, until it is closed. */
export function keepConnected(options: KeepConnectedOptions): KeptConnection {
  const { socketPath, isWanted, after } = options;
  let connection: ControlConnection | undefined;
  let cancelRetry = (): void => {};
  let hasEverAnswered = false;
  let isClosed = false;
  const connect = (delayMs: number): void => {
    if (connection || isClosed || !isWanted()) return;
    let hasAnswered = false;
    connection = new ControlConnection(socketPath, {
      onMessage: (message) => {
        hasAnswered = true;
        hasEverAnswered = true;
        if (!isClosed) options.onMessage(message);
      },
      onClose: () => {
        connection = undefined;
        if (isClosed) return;
        // One that spoke is at its end now, most likely; of one that never did nothing is known before its socket is there.
        const isDue = hasEverAnswered || existsSync(socketPath);
        if (isDue) options.onSilence();
        const nextMs = hasAnswered ? reconnectDelayMs : delayMs * 1.5;
        const waitMs = isDue ? Math.min(nextMs, maxReconnectDelayMs) : maxReconnectDelayMs;
        cancelRetry();
        cancelRetry = after(waitMs, () => connect(waitMs));
      },
    });
  };
  const endWatch = onSocket(socketPath, () => {
    if (existsSync(socketPath)) connect(firstRetryMs);
  });
  connect(firstRetryMs);
  return {
    send: (message) => connection?.send(message),
    close: () => {
      isClosed = true;
      endWatch();
      cancelRetry();
      connection?.close();
    },
  };
}
