import { randomBytes } from 'node:crypto';
import type { Command, HostSpec } from '@autotest/core';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { HostLostError } from '../../errors.ts';
import { Slots } from '../slots.ts';
import type { HostProcess, HostTransport, SpawnOptions } from '../transport.ts';
import { connectSsh, sshWhere, type SshConnectOptions, type SshConnection } from './connect.ts';
import { remoteLine } from './remote-shell.ts';
import { SshProcess } from './ssh-process.ts';

/** sshd's MaxSessions is 10; one is kept for ending the others. */
const maxChannels = 9;
/** How long a channel is waited for that the server does not give. */
const channelWaitMs = 30_000;

/** One SSH connection, many channels. */
export class SshTransport implements HostTransport {
  readonly kind = 'ssh';
  readonly where: string;
  connected = true;
  readonly #host: string;
  readonly #connection: SshConnection;
  readonly #slots = new Slots(maxChannels);
  readonly #processes = new Set<SshProcess>();
  readonly #listeners: ((why: string) => void)[] = [];
  #closing = false;

  private constructor(spec: HostSpec, connection: SshConnection) {
    this.#host = spec.name;
    this.where = sshWhere(spec);
    this.#connection = connection;
    connection.client.on('error', (error: Error) => this.#end(error.message));
    connection.client.on('close', () => this.#end('the connection was closed'));
  }

  /** @throws HostUnreachableError, HostAuthError, HostKeyMismatchError */
  static async connect(spec: HostSpec, options: SshConnectOptions): Promise<SshTransport> {
    return new SshTransport(spec, await connectSsh(spec, options));
  }

  async spawn(command: Command, options: SpawnOptions = {}): Promise<HostProcess> {
    const marker = `autotest-${randomBytes(9).toString('hex')}`;
    const line = remoteLine(command, options, marker);
    const release = await this.#slots.take();
    try {
      return await this.#open(line, (channel) => {
        const process = new SshProcess(channel, {
          host: this.#host,
          marker: options.group === false ? undefined : marker,
          signal: (name, pid) => this.#signal(name, pid),
          onGone: () => {
            this.#processes.delete(process);
            release();
          },
        });
        this.#processes.add(process);
        return process;
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  onLost(listener: (why: string) => void): void {
    this.#listeners.push(listener);
  }

  drop(why: string): void {
    this.#connection.socket.destroy();
    this.#end(why);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#end('it was closed');
    this.#connection.client.end();
    this.#connection.socket.destroySoon();
  }

  /** `wrap` is called at once: a short command's end may follow in the same packet, before any promise is looked at. */
  async #open<T>(line: string, wrap: (channel: ClientChannel) => T): Promise<T> {
    const endsAt = performance.now() + channelWaitMs;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      try {
        return await this.#tryOpen(line, wrap);
      } catch (error) {
        // The server has no channel free: it gives one back a little later than it says that it is closed.
        if (!isChannelRefusal(error) || !this.connected || performance.now() > endsAt) throw error;
      }
      await delay(pauseMs);
    }
  }

  #tryOpen<T>(line: string, wrap: (channel: ClientChannel) => T): Promise<T> {
    if (!this.connected) return Promise.reject(new HostLostError(this.#host, 'the connection is closed'));
    return new Promise((resolve, reject) => {
      const onLost = (why: string): void => reject(new HostLostError(this.#host, why));
      this.#listeners.push(onLost);
      this.#connection.client.exec(line, (error, channel) => {
        this.#listeners.splice(this.#listeners.indexOf(onLost), 1);
        if (error) reject(new HostLostError(this.#host, error.message, error));
        else resolve(wrap(channel));
      });
    });
  }

  /** On a channel of its own: many servers pass over the protocol's own signals. */
  async #signal(name: string, target: string): Promise<void> {
    if (!this.connected) return;
    await this.#open(
      `kill -${name} -- ${target} 2>/dev/null`,
      (channel) =>
        new Promise<void>((resolve) => {
          channel.on('close', () => resolve());
          channel.resume();
          channel.stderr.resume();
        }),
    );
  }

  #end(why: string): void {
    if (!this.connected) return;
    this.connected = false;
    for (const process of this.#processes) process.lost(why);
    this.#slots.close(new HostLostError(this.#host, why));
    for (const listener of this.#listeners.splice(0)) if (!this.#closing) listener(why);
  }
}

function isChannelRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && /channel open failure/i.test(cause.message);
}
