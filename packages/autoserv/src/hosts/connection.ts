import { messageOf, sleep, type Command, type CommandResult, type HostSpec, type RecordBody } from '@autotest/core';
import { HostKeyMismatchError, HostLostError, HostUnreachableError, JumpHostError, SshConfigError } from '../errors.ts';
import { execOn, type ExecOptions } from './exec.ts';
import { LocalTransport } from './local-transport.ts';
import type { HostProcess, HostTransport, SpawnOptions } from './transport.ts';

export interface ConnectionOptions {
  /** How long a host that was reached once may be away before it is lost. */
  readonly reconnectMs: number;
  readonly connectTimeoutMs: number;
  /** Attempts at the first connection. */
  readonly firstAttempts: number;
  /** Takes what is to be told of the connection. */
  readonly record: (body: RecordBody) => void;
  readonly env: NodeJS.ProcessEnv;
}

const firstBackOffMs = 250;
const longestBackOffMs = 5000;
/** As many as the server keeps for a host. */
const maxPins = 20;

/**
 * One host through all connections to it.
 *
 * new         nothing was tried
 * connected   `transport` is up
 * lost        it broke; the next `connect` tries again with growing pauses, until `reconnectMs` have passed since
 * closed      nothing more is done
 *
 * Only `#connected`, `#lost` and `close` change the state; each tells it with a `transport` record.
 */
export class HostConnection {
  readonly spec: HostSpec;
  readonly #options: ConnectionOptions;
  #hostKeys: readonly string[];
  #transport: HostTransport | undefined;
  #connecting: Promise<HostTransport> | undefined;
  #lostAt: number | undefined;
  #closed = false;
  readonly #notes = new Set<string>();

  constructor(spec: HostSpec, options: ConnectionOptions) {
    this.spec = spec;
    this.#options = options;
    this.#hostKeys = spec.hostKeys;
  }

  get connected(): boolean {
    return this.#transport?.connected === true;
  }

  /**
   * The connection, made or made anew where it is down.
   *
   * @param limit `withinMs`: instead of `reconnectMs`, counted from now
   * @throws HostUnreachableError, HostAuthError, HostKeyMismatchError at the first time; HostLostError later
   */
  async connect(limit: { withinMs?: number; signal?: AbortSignal } = {}): Promise<HostTransport> {
    if (this.#transport?.connected) return this.#transport;
    this.#connecting ??= this.#establish(limit).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** One try, whatever happened before. @throws as `connect` */
  async tryOnce(): Promise<HostTransport> {
    if (this.#transport?.connected) return this.#transport;
    return this.#connected(await this.#open());
  }

  async exec(command: Command, options: ExecOptions = {}): Promise<CommandResult> {
    return execOn(await this.connect({ ...(options.signal && { signal: options.signal }) }), command, options);
  }

  async spawn(command: Command, options: SpawnOptions = {}): Promise<HostProcess> {
    return (await this.connect()).spawn(command, options);
  }

  /** Gives the present connection up: what runs on it rejects. */
  drop(why: string): void {
    this.#transport?.drop(why);
  }

  /** From now on the host shows these keys, says whoever installed it. */
  replaceHostKeys(keys: readonly string[]): void {
    this.#hostKeys = keys;
    for (const key of keys) this.#options.record({ kind: 'hostKey', host: this.spec.name, key, replaces: true });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const transport = this.#transport;
    if (!transport?.connected) return;
    await transport.close();
    this.#options.record({ kind: 'transport', event: 'closed', host: this.spec.name });
  }

  async #establish(limit: { withinMs?: number; signal?: AbortSignal }): Promise<HostTransport> {
    const isFirst = this.#lostAt === undefined;
    const endsAt =
      performance.now() + (limit.withinMs ?? this.#options.reconnectMs - (Date.now() - (this.#lostAt ?? Date.now())));
    for (let attempt = 1, pauseMs = firstBackOffMs; ; attempt++, pauseMs = Math.min(pauseMs * 2, longestBackOffMs)) {
      if (this.#closed) throw new HostLostError(this.spec.name, 'the connection was closed');
      limit.signal?.throwIfAborted();
      try {
        return this.#connected(await this.#open(limit.signal));
      } catch (error) {
        if (error instanceof HostKeyMismatchError || error instanceof SshConfigError) throw error;
        limit.signal?.throwIfAborted();
        if (
          isFirst &&
          limit.withinMs === undefined &&
          (attempt >= this.#options.firstAttempts ||
            !(error instanceof HostUnreachableError || error instanceof JumpHostError))
        )
          throw error;
        if (!isFirst || limit.withinMs !== undefined) {
          if (performance.now() + pauseMs >= endsAt)
            throw new HostLostError(this.spec.name, `it did not come back: ${messageOf(error)}`, error);
        }
      }
      await sleep(pauseMs, { ...(limit.signal && { signal: limit.signal }) });
    }
  }

  async #open(signal?: AbortSignal): Promise<HostTransport> {
    if (this.spec.transport === 'local') return new LocalTransport();
    // Loaded on demand: a third of the start time.
    const { SshTransport } = await import('./ssh/ssh-transport.ts');
    return SshTransport.connect(this.spec, {
      connectTimeoutMs: this.#options.connectTimeoutMs,
      hostKeys: this.#hostKeys,
      env: this.#options.env,
      onNewHostKey: (key) => {
        // From here on this key and no other, but for what the host proves with it.
        this.#hostKeys = [key];
        this.#options.record({ kind: 'hostKey', host: this.spec.name, key });
      },
      onHostKeys: (keys) => this.#learn(keys),
      onNote: (note) => {
        if (this.#notes.has(note)) return;
        this.#notes.add(note);
        this.#options.record({ kind: 'problem', source: 'ssh_config', message: note });
      },
      ...(signal && { signal }),
    });
  }

  /** What a host proves over a connection that a pinned key began may be pinned too: so it can change keys without anybody's help. None is dropped. */
  #learn(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#hostKeys.length === 0 || this.#hostKeys.includes(key) || this.#hostKeys.length >= maxPins) continue;
      this.#hostKeys = [...this.#hostKeys, key];
      this.#options.record({ kind: 'hostKeyProven', host: this.spec.name, key });
    }
  }

  #connected(transport: HostTransport): HostTransport {
    const event = this.#lostAt === undefined ? 'connected' : 'resumed';
    this.#lostAt = undefined;
    this.#transport = transport;
    transport.onLost((why) => this.#lost(why));
    this.#options.record({ kind: 'transport', event, host: this.spec.name, message: transport.where });
    return transport;
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#lostAt = Date.now();
    this.#options.record({ kind: 'transport', event: 'lost', host: this.spec.name, message: why });
  }
}
