import type { ClientChannel } from 'ssh2';
import type { SshConnection } from './login.ts';

/** sshd's default of MaxSessions. */
const usualLimit = 10;

/** One of the SSH connections to a host, and how many channels are open on it. */
export class Lane {
  readonly connection: SshConnection;
  open = 0;
  /** Channels that the server gives; learned when it refuses one. */
  limit = usualLimit;
  closing = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(connection: SshConnection) {
    this.connection = connection;
  }

  get hasRoom(): boolean {
    return !this.closing && this.open < this.limit;
  }

  /** Starts a command. Rejects with the server's refusal, or when it does not answer in time. */
  exec<T>(line: string, timeoutMs: number, wrap: (channel: ClientChannel) => T, onIdle: () => void): Promise<T> {
    clearTimeout(this.#idle);
    this.open++;
    const done = (): void => {
      this.open--;
      if (this.open === 0) onIdle();
    };
    return new Promise((resolve, reject) => {
      let over = false;
      const timer = setTimeout(() => {
        over = true;
        reject(new ChannelTimeoutError(timeoutMs));
      }, timeoutMs);
      const onAnswer = (error: Error | undefined, channel: ClientChannel): void => {
        clearTimeout(timer);
        if (error) {
          done();
          if (!over) reject(error);
          return;
        }
        channel.once('close', done);
        if (over) channel.close();
        // At once: a short command's end may follow in the same packet, before any promise is looked at.
        else resolve(wrap(channel));
      };
      try {
        this.connection.client.exec(line, onAnswer);
      } catch (error) {
        onAnswer(error as Error, undefined as never);
      }
    });
  }

  /** Closes it after a while without channels. */
  closeWhenIdle(afterMs: number, onClose: () => void): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.open > 0) return;
      onClose();
      this.close();
    }, afterMs);
    this.#idle.unref();
  }

  close(): void {
    this.closing = true;
    clearTimeout(this.#idle);
    const { client, stream } = this.connection;
    client.end();
    if ('destroySoon' in stream && typeof stream.destroySoon === 'function') stream.destroySoon();
    else stream.end();
  }

  destroy(): void {
    this.closing = true;
    clearTimeout(this.#idle);
    this.connection.stream.destroy();
  }
}

/** The server says neither yes nor no. */
export class ChannelTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`the host opened no channel within ${timeoutMs / 1000} s`);
    this.name = 'ChannelTimeoutError';
  }
}
