import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

export interface ConsoleHubOptions {
  /** Gets everything that the machine prints; appended to. */
  readonly logFile: string;
  /** Unix socket for clients. */
  readonly socketPath: string;
}

/** A client that does not read must not fill this process's memory: it is cut off beyond this. */
const maxUnreadBytes = 1024 * 1024;

/**
 * The console of one machine, for many: what it prints goes to a log file and to all clients, what a client types goes to the machine. It lives as long as the machine, over
 * its reboots; clients may come and go. A client sees what is printed while it is connected; the log has what was before.
 */
export class ConsoleHub {
  readonly logFile: string;
  readonly socketPath: string;
  readonly #listeners: ((chunk: Buffer) => void)[] = [];
  readonly #log: WriteStream;
  readonly #clients = new Set<Socket>();
  readonly #server: Server;

  constructor(options: ConsoleHubOptions) {
    this.logFile = options.logFile;
    this.socketPath = options.socketPath;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
    // A full disk loses the log, not the machine.
    this.#log.on('error', () => {});
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** Lets clients in; done when they can connect. */
  listen(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.socketPath, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** The machine prints. */
  write(chunk: Uint8Array | string): void {
    this.#log.write(chunk);
    for (const client of this.#clients) {
      if (client.writableLength > maxUnreadBytes) client.destroy();
      else client.write(chunk);
    }
  }

  /** Calls the listener with what clients type. */
  onInput(listener: (chunk: Buffer) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends all clients and writes out the log. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    if (this.#log.closed) return;
    await new Promise<void>((resolve) => {
      this.#log.once('close', () => resolve());
      this.#log.end();
    });
  }

  #welcome(socket: Socket): void {
    this.#clients.add(socket);
    socket.on('data', (chunk: Buffer) => {
      for (const listener of this.#listeners) listener(chunk);
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#clients.delete(socket));
  }
}
