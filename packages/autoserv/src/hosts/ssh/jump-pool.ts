import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { messageOf } from '@autotest/core';
import { HostKeyMismatchError, JumpHostError } from '../../errors.ts';
import type { Login, LoginOptions, SshConnection } from './login.ts';
import { whereOf, type SshTarget } from './target.ts';

/** How long a connection to a jump host is kept that nobody uses. */
const lingerMs = 2000;

interface Pooled {
  readonly connection: Promise<SshConnection>;
  users: number;
  timer?: NodeJS.Timeout;
}

/** Connections to jump hosts: one for each in this process, whoever goes through it. A broken one is made anew by the next who needs it. */
const pool = new Map<string, Pooled>();

/**
 * A stream to a machine through its jump hosts.
 *
 * @throws JumpHostError which names the one that failed
 */
export async function throughJumpHosts(target: SshTarget, options: LoginOptions, login: Login): Promise<Duplex> {
  const hop = lastHop(target);
  if (!hop) throw new TypeError(`${whereOf(target)} has no jump host`);
  const key = keyOf(hop);
  const pooled = pool.get(key) ?? open(key, hop, options, login);
  pooled.users++;
  clearTimeout(pooled.timer);
  const leave = (): void => {
    pooled.users--;
    if (pooled.users > 0) return;
    pooled.timer = setTimeout(() => {
      pool.delete(key);
      pooled.connection.then(({ client }) => client.end()).catch(() => {});
    }, lingerMs);
    pooled.timer.unref();
  };
  try {
    const { client } = await within(pooled.connection, options.signal);
    const channel = await forward(client, target, options.signal);
    channel.once('close', leave);
    return channel;
  } catch (error) {
    leave();
    options.signal.throwIfAborted();
    if (error instanceof JumpHostError || error instanceof HostKeyMismatchError) throw error;
    throw new JumpHostError(
      target.host,
      whereOf(hop),
      `it does not open the way to ${target.address}:${target.port}: ${messageOf(error)}. Look there for AllowTcpForwarding, and whether it reaches the address.`,
      error,
    );
  }
}

/** The last machine before this one, with those before it as its own. */
function lastHop(target: SshTarget): SshTarget | undefined {
  const last = target.hops.at(-1);
  return last && { ...last, hops: target.hops.slice(0, -1) };
}

function keyOf(hop: SshTarget): string {
  return JSON.stringify(
    [hop, hop.hops].map((part) => JSON.stringify(part, (name, value) => (name === 'host' ? undefined : value))),
  );
}

function open(key: string, hop: SshTarget, options: LoginOptions, login: Login): Pooled {
  // Others may wait for it when the one that began has given up.
  const own = { ...options, signal: AbortSignal.timeout(options.connectTimeoutMs) };
  const connection = connectHop(hop, own, login);
  const pooled: Pooled = { connection, users: 0 };
  const forget = (): void => {
    if (pool.get(key) === pooled) pool.delete(key);
  };
  connection.then(({ client }) => {
    client.on('close', forget);
    client.on('error', forget);
  }, forget);
  pool.set(key, pooled);
  return pooled;
}

async function connectHop(hop: SshTarget, options: LoginOptions, login: Login): Promise<SshConnection> {
  if (hop.hostKeys.length === 0)
    throw new JumpHostError(
      hop.host,
      whereOf(hop),
      `its key is not known. Compare it with the machine's own, then put it into ~/.ssh/known_hosts or into the host's attribute jump_keys.`,
    );
  try {
    return await login(hop, { ...options, onNewHostKey: () => {}, onHostKeys: () => {} });
  } catch (error) {
    if (error instanceof JumpHostError) throw error;
    throw new JumpHostError(hop.host, whereOf(hop), messageOf(error), error);
  }
}

function forward(client: Client, target: SshTarget, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
      signal.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else if (signal.aborted) channel.destroy();
      else resolve(channel);
    });
  });
}

function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
