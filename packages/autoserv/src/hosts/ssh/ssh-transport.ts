import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type Command, type HostSpec } from '@autotest/core';
import type { ClientChannel } from 'ssh2';
import { HostLostError } from '../../errors.ts';
import { Slots } from '../slots.ts';
import { sweepScript } from '../sweep.ts';
import type { HostProcess, HostTransport, SpawnOptions } from '../transport.ts';
import { connectSsh, type SshConnectOptions, type SshHostConnection } from './connect.ts';
import { ChannelTimeoutError, Lane } from './lane.ts';
import { remoteLine } from './remote-shell.ts';
import { SshProcess } from './ssh-process.ts';

/** sshd's MaxSessions is 10; one is kept for ending the others. */
const maxChannels = 9;
/** How long a channel is waited for that the server does not give. */
const channelWaitMs = 30_000;
/** Refusals in a row after which a connection counts as full: the server gives a channel back a little later than it says that it is closed. */
const patience = 5;
/** Connections to a host whose MaxSessions is small; as many as there may be channels, and one to end them. */
const maxLanes = maxChannels + 1;
const spareIdleMs = 5000;

/**
 * The connection to a host, with many channels. A server that gives fewer channels than are needed (MaxSessions) gets further connections for the others, which are closed
 * when they are idle. What breaks one of them breaks all.
 */
export class SshTransport implements HostTransport {
  readonly kind = 'ssh';
  readonly where: string;
  connected = true;
  readonly #host: string;
  readonly #lanes: Lane[] = [];
  readonly #connectMore: () => Promise<SshHostConnection>;
  readonly #slots = new Slots(maxChannels);
  readonly #processes = new Set<SshProcess>();
  readonly #listeners = new Set<(why: string) => void>();
  #widening: Promise<void> | undefined;
  #closing = false;

  private constructor(host: string, connection: SshHostConnection, connectMore: () => Promise<SshHostConnection>) {
    this.#host = host;
    this.where = connection.where;
    this.#connectMore = connectMore;
    this.#add(new Lane(connection));
  }

  /** @throws HostUnreachableError, HostAuthError, HostKeyMismatchError, JumpHostError, SshConfigError */
  static async connect(spec: HostSpec, options: SshConnectOptions): Promise<SshTransport> {
    let hostKeys = options.hostKeys;
    const first = await connectSsh(spec, {
      ...options,
      onNewHostKey: (key) => {
        hostKeys = [key];
        options.onNewHostKey(key);
      },
    });
    // Whoever gave the signal gave it for this connection.
    const { signal: _, ...lasting } = options;
    return new SshTransport(spec.name, first, () => connectSsh(spec, { ...lasting, hostKeys }));
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
          signal: (name, target) => this.#run(`kill -${name} -- ${target} 2>/dev/null`),
          sweep: (text) => this.#run(`exec /bin/sh -c '${sweepScript(text).replaceAll("'", String.raw`'\''`)}'`),
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
    this.#listeners.add(listener);
  }

  drop(why: string): void {
    for (const lane of this.#lanes) lane.destroy();
    this.#end(why);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#end('it was closed');
    for (const lane of this.#lanes) lane.close();
  }

  /** `wrap` is called at once: a short command's end may follow in the same packet, before any promise is looked at. */
  async #open<T>(line: string, wrap: (channel: ClientChannel) => T): Promise<T> {
    const endsAt = performance.now() + channelWaitMs;
    for (let refusals = 0, pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      if (!this.connected) throw new HostLostError(this.#host, 'the connection is closed');
      const lane = this.#lanes.find(({ hasRoom }) => hasRoom);
      if (lane) {
        try {
          return await this.#openOn(lane, line, wrap);
        } catch (error) {
          if (!isRefusal(error) || performance.now() > endsAt) throw this.#asLost(error);
          refusals++;
          if (refusals >= patience && lane.open > 0) {
            lane.limit = lane.open;
            refusals = 0;
            continue;
          }
        }
      } else if (this.#lanes.length < maxLanes) {
        await this.#widen();
        continue;
      } else if (performance.now() > endsAt) throw new HostLostError(this.#host, 'it gives no further channel');
      await delay(pauseMs);
    }
  }

  async #openOn<T>(lane: Lane, line: string, wrap: (channel: ClientChannel) => T): Promise<T> {
    const lost = Promise.withResolvers<never>();
    const onLost = (why: string): void => lost.reject(new HostLostError(this.#host, why));
    this.#listeners.add(onLost);
    try {
      const onIdle = (): void => this.#idle(lane);
      return await Promise.race([lane.exec(line, channelWaitMs, wrap, onIdle), lost.promise]);
    } catch (error) {
      // It may be anything but a working SSH server by now.
      if (error instanceof ChannelTimeoutError) this.drop(error.message);
      throw error;
    } finally {
      this.#listeners.delete(onLost);
    }
  }

  /** One more connection, however many ask for it at the same time. */
  #widen(): Promise<void> {
    this.#widening ??= this.#connectMore()
      .then(
        (connection) => {
          const lane = new Lane(connection);
          if (this.connected) this.#add(lane);
          else lane.close();
        },
        (error: unknown) => {
          throw new HostLostError(
            this.#host,
            `it gives no further channel, nor connection: ${messageOf(error)}`,
            error,
          );
        },
      )
      .finally(() => {
        this.#widening = undefined;
      });
    return this.#widening;
  }

  #add(lane: Lane): void {
    this.#lanes.push(lane);
    const end = (why: string): void => {
      if (!lane.closing) this.#end(why);
    };
    const { client } = lane.connection;
    client.on('error', (error: Error) => end(error.message));
    client.on('close', () => end('the connection was closed'));
  }

  #idle(lane: Lane): void {
    if (lane === this.#lanes[0] || !this.connected) return;
    lane.closeWhenIdle(spareIdleMs, () => this.#lanes.splice(this.#lanes.indexOf(lane), 1));
  }

  /** On a channel of its own: many servers pass over the protocol's own signals. */
  async #run(line: string): Promise<void> {
    if (!this.connected) return;
    await this.#open(
      line,
      (channel) =>
        new Promise<void>((resolve) => {
          channel.on('close', () => resolve());
          channel.resume();
          channel.stderr.resume();
        }),
    );
  }

  #asLost(error: unknown): HostLostError {
    return error instanceof HostLostError ? error : new HostLostError(this.#host, messageOf(error), error);
  }

  #end(why: string): void {
    if (!this.connected) return;
    this.connected = false;
    for (const process of this.#processes) process.lost(why);
    this.#slots.close(new HostLostError(this.#host, why));
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) if (!this.#closing) listener(why);
    for (const lane of this.#lanes) if (!lane.closing && !this.#closing) lane.destroy();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /channel open failure/i.test(error.message);
}
