import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import type { Client, ParsedKey, ServerHostKeyAlgorithm } from 'ssh2';
import { HostAuthError, HostKeyMismatchError } from '../../errors.ts';
import { admit } from './admission.ts';
import { planAuth, type AuthPlan } from './auth.ts';
import { explainFailure, isPassing } from './explain.ts';
import { fingerprint, formatHostKey, keyType, parseHostKey, signatureAlgorithms } from './host-keys.ts';
import { openRoute, type Route } from './route.ts';
import { SshClient } from './ssh2.ts';
import type { SshTarget } from './target.ts';
import { teachCertificates } from './teach-certificates.ts';

export interface LoginOptions {
  /** For everything until the login is done, tries that the server turned away among it. */
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal;
  /** A key was shown and none was pinned. Called before anything is sent to the host that tells who we are. */
  readonly onNewHostKey: (key: string) => void;
  /** All keys that the host says it has and has proven to have, after the login. */
  readonly onHostKeys: (keys: readonly string[]) => void;
  readonly env: NodeJS.ProcessEnv;
}

export interface SshConnection {
  readonly client: Client;
  readonly stream: Duplex;
}

/** `login`, for what it needs on the way to a machine. */
export type Login = (target: SshTarget, options: LoginOptions) => Promise<SshConnection>;

const keepaliveIntervalMs = 5000;
const keepaliveCountMax = 3;
const firstPauseMs = 50;
const longestPauseMs = 2000;
/** Most keys of a host that are taken notice of. */
const maxHostKeys = 16;

/**
 * Connects and logs in: no Nagle delay, public keys only (a failed first try costs a delay in sshd), key exchange limited to the types of keys that are pinned. A server that turns the connection away
 * before the login, because too many knock (MaxStartups) or it is just starting, is tried again with growing pauses of random length until the time is over.
 *
 * @throws HostUnreachableError, HostAuthError, HostKeyMismatchError, JumpHostError
 */
export async function login(target: SshTarget, options: LoginOptions): Promise<SshConnection> {
  const auth = planAuth(target, options.env);
  if (auth.methods.length === 0) throw new HostAuthError(target.host, target.user, auth.unusable);
  const pins = target.hostKeys.map(parseHostKey).filter((key) => key !== undefined);
  if (pins.length < target.hostKeys.length) {
    throw new HostKeyMismatchError(
      target.host,
      target.hostKeys,
      'that cannot be compared with a pin that is no OpenSSH key',
    );
  }
  const endsAt = performance.now() + options.connectTimeoutMs;
  const gate = [...target.hops, target].map(({ address, port }) => `${address}:${port}`).join(' ');
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const over = AbortSignal.any([
      options.signal,
      AbortSignal.timeout(Math.max(1, Math.ceil(endsAt - performance.now()))),
    ]);
    let failure: unknown;
    const attempt = new Attempt(target, { ...options, signal: over }, auth, pins);
    try {
      const leave = await admit(gate, over);
      try {
        return await attempt.run(endsAt - performance.now());
      } finally {
        leave();
      }
    } catch (error) {
      failure = over.aborted ? over.reason : error;
    }
    options.signal.throwIfAborted();
    const explained = attempt.explain(failure);
    const waitMs = pauseMs * (0.5 + Math.random());
    if (!isPassing(failure, attempt.said) || performance.now() + waitMs >= endsAt) throw explained;
    await delay(waitMs, undefined, { signal: options.signal });
  }
}

class Attempt {
  readonly #target: SshTarget;
  readonly #options: LoginOptions;
  readonly #auth: AuthPlan;
  readonly #pins: readonly Buffer[];
  #mismatch: HostKeyMismatchError | undefined;
  #head = '';
  #route: Route | undefined;

  constructor(target: SshTarget, options: LoginOptions, auth: AuthPlan, pins: readonly Buffer[]) {
    this.#target = target;
    this.#options = options;
    this.#auth = auth;
    this.#pins = pins;
  }

  /** The first of what the server or a proxy command said, which tells why it hangs up. */
  get said(): string {
    return this.#route?.said() || this.#head;
  }

  async run(timeoutMs: number): Promise<SshConnection> {
    const target = this.#target;
    const route = await openRoute(target, this.#options, login);
    this.#route = route;
    const { stream } = route;
    const client = new SshClient();
    const { signal } = this.#options;
    const onAbort = (): void => void stream.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        // Listens on: a connection that ends badly later must not be an uncaught error.
        client.on('error', (error: Error & { level?: string }) => {
          // An agent that is gone leaves the other keys.
          if (error.level !== 'agent') reject(error);
        });
        client.once('ready', resolve);
        client.once('close', () => reject(new Error('the connection was closed during login')));
        this.#watchKeys(client);
        client.connect({
          sock: stream,
          username: target.user,
          authHandler: [...this.#auth.methods],
          hostVerifier: (key: Buffer) => this.#verify(key),
          readyTimeout: Math.max(1, Math.ceil(timeoutMs)),
          keepaliveInterval: target.keepaliveIntervalMs ?? keepaliveIntervalMs,
          keepaliveCountMax: target.keepaliveCountMax ?? keepaliveCountMax,
          ...(this.#pins.length > 0 && { algorithms: { serverHostKey: algorithmsFor(this.#pins) } }),
        });
        teachCertificates(client);
        stream.once('data', (chunk: Buffer) => {
          this.#head = chunk.toString('latin1', 0, 200).split('\n')[0]?.trim() ?? '';
        });
      });
    } catch (error) {
      client.destroy();
      stream.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return { client, stream };
  }

  explain(error: unknown): Error {
    if (this.#mismatch) return this.#mismatch;
    const tried = [...this.#auth.tried, ...this.#auth.unusable];
    return explainFailure(this.#target, error, { tried, pins: this.#pins, said: this.said });
  }

  #verify(key: Buffer): boolean {
    if (this.#pins.length === 0) {
      this.#options.onNewHostKey(formatHostKey(key));
      return true;
    }
    if (this.#pins.some((pin) => pin.equals(key))) return true;
    this.#mismatch = new HostKeyMismatchError(
      this.#target.host,
      this.#pins.map(fingerprint),
      fingerprint(key),
      formatHostKey(key),
    );
    return false;
  }

  #watchKeys(client: Client): void {
    // Each was proven by a signature over this session (hostkeys-prove-00@openssh.com); ssh2 checks that.
    client.on('hostkeys', (keys: ParsedKey[]) => {
      this.#options.onHostKeys(keys.slice(0, maxHostKeys).map((key) => formatHostKey(key.getPublicSSH())));
    });
  }
}

function algorithmsFor(pins: readonly Buffer[]): ServerHostKeyAlgorithm[] {
  return [...new Set(pins.flatMap((key) => signatureAlgorithms(keyType(key))))] as ServerHostKeyAlgorithm[];
}
