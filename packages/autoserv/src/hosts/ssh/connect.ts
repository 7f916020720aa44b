import { connect as netConnect, type Socket } from 'node:net';
import type { HostSpec } from '@autotest/core';
import type { Client, ServerHostKeyAlgorithm } from 'ssh2';
import { HostAuthError, HostKeyMismatchError, HostUnreachableError } from '../../errors.ts';
import { planAuth } from './auth.ts';
import { fingerprint, formatHostKey, keyType, parseHostKey, signatureAlgorithms } from './host-keys.ts';
import { SshClient } from './ssh2.ts';

export interface SshConnectOptions {
  readonly connectTimeoutMs: number;
  /** Pinned keys in OpenSSH format; empty: any key is taken and reported. */
  readonly hostKeys: readonly string[];
  /** A key was shown and none was pinned. Called before anything is sent to the host that tells who we are. */
  readonly onNewHostKey: (key: string) => void;
  readonly env: NodeJS.ProcessEnv;
}

export interface SshConnection {
  readonly client: Client;
  readonly socket: Socket;
}

const keepaliveIntervalMs = 5000;
const keepaliveCountMax = 3;

export function sshWhere(spec: HostSpec): string {
  return `${spec.user}@${spec.address}:${spec.port}`;
}

/**
 * Connects and logs in: no Nagle delay, public keys only (a failed first try costs a delay in sshd), key exchange limited to the types of keys that are pinned.
 *
 * @throws HostUnreachableError, HostAuthError, HostKeyMismatchError
 */
export async function connectSsh(spec: HostSpec, options: SshConnectOptions): Promise<SshConnection> {
  const auth = planAuth(spec, options.env);
  if (auth.methods.length === 0) throw new HostAuthError(spec.name, spec.user, auth.unusable);
  const pinned = options.hostKeys.map(parseHostKey).filter((key) => key !== undefined);
  if (pinned.length < options.hostKeys.length) {
    throw new HostKeyMismatchError(
      spec.name,
      options.hostKeys,
      'that cannot be compared with a pin that is no OpenSSH key',
    );
  }
  let mismatch: HostKeyMismatchError | undefined;
  const verifyHostKey = (key: Buffer): boolean => {
    if (pinned.length === 0) {
      options.onNewHostKey(formatHostKey(key));
      return true;
    }
    if (pinned.some((pin) => pin.equals(key))) return true;
    mismatch = new HostKeyMismatchError(spec.name, pinned.map(fingerprint), fingerprint(key));
    return false;
  };

  const socket = netConnect({ host: spec.address, port: spec.port, noDelay: true });
  const client = new SshClient();
  try {
    await new Promise<void>((resolve, reject) => {
      // Listens on: a connection that ends badly later must not be an uncaught error.
      client.on('error', reject);
      client.once('ready', resolve);
      client.once('close', () => reject(new Error('the connection was closed during login')));
      client.connect({
        sock: socket,
        username: spec.user,
        authHandler: [...auth.methods],
        hostVerifier: verifyHostKey,
        readyTimeout: options.connectTimeoutMs,
        keepaliveInterval: keepaliveIntervalMs,
        keepaliveCountMax,
        ...(pinned.length > 0 && { algorithms: { serverHostKey: algorithmsFor(pinned) } }),
      });
    });
  } catch (error) {
    client.destroy();
    socket.destroy();
    throw mismatch ?? explain(spec, error, [...auth.tried, ...auth.unusable], pinned);
  }
  return { client, socket };
}

function algorithmsFor(pinned: readonly Buffer[]): ServerHostKeyAlgorithm[] {
  return [...new Set(pinned.flatMap((key) => signatureAlgorithms(keyType(key))))] as ServerHostKeyAlgorithm[];
}

const remedies: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  ECONNREFUSED: ['the connection was refused', 'Start sshd there, or correct the port.'],
  ETIMEDOUT: ['no answer in time', 'Look at its power, network and firewall.'],
  EHOSTUNREACH: ['no route to it', 'Look at its power and network.'],
  ENETUNREACH: ['no route to its network', 'Look at the network of this machine.'],
  ENOTFOUND: ['its name is unknown', 'Correct the address or the name service.'],
  EAI_AGAIN: ['the name service does not answer', 'Look at the name service of this machine.'],
  ECONNRESET: ['the connection was reset', 'Look at sshd and its MaxStartups on the host.'],
};

function explain(spec: HostSpec, error: unknown, tried: readonly string[], pinned: readonly Buffer[]): Error {
  const { level, code, message } = error as { level?: string; code?: string; message: string };
  if (level === 'client-authentication') return new HostAuthError(spec.name, spec.user, tried, error);
  if (pinned.length > 0 && /no matching host key format/i.test(message)) {
    return new HostKeyMismatchError(spec.name, pinned.map(fingerprint), 'of another type');
  }
  const where = sshWhere(spec);
  const known = code === undefined ? undefined : remedies[code];
  if (known) return new HostUnreachableError(spec.name, where, known[0], known[1], error);
  if (level === 'client-timeout')
    return new HostUnreachableError(
      spec.name,
      where,
      'no answer in time',
      'Look at its power, network and firewall.',
      error,
    );
  return new HostUnreachableError(spec.name, where, message, 'Try to log in by hand with ssh.', error);
}
