import type { HostSpec } from '@autotest/core';
import { login, type SshConnection } from './login.ts';
import { resolveTarget, whereOf, type SshTarget } from './target.ts';

export interface SshConnectOptions {
  readonly connectTimeoutMs: number;
  /** Pinned keys in OpenSSH format; empty: any key is taken and reported. */
  readonly hostKeys: readonly string[];
  /** A key was shown and none was pinned. Called before anything is sent to the host that tells who we are. */
  readonly onNewHostKey: (key: string) => void;
  /** All keys that the host has proven to have. */
  readonly onHostKeys: (keys: readonly string[]) => void;
  /** Something in ssh_config was passed over. */
  readonly onNote: (note: string) => void;
  readonly signal?: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

export interface SshHostConnection extends SshConnection {
  /** `user@address:port`, as it was resolved. */
  readonly where: string;
}

/**
 * Connects to a host by the way that its row and ssh_config say.
 *
 * @throws HostUnreachableError, HostAuthError, HostKeyMismatchError, JumpHostError, SshConfigError
 */
export async function connectSsh(spec: HostSpec, options: SshConnectOptions): Promise<SshHostConnection> {
  const target: SshTarget = resolveTarget({ ...spec, hostKeys: options.hostKeys }, options.env);
  for (const note of target.notes) options.onNote(note);
  const connection = await login(target, {
    ...options,
    connectTimeoutMs: target.connectTimeoutMs ?? options.connectTimeoutMs,
    signal: options.signal ?? new AbortController().signal,
  });
  return { ...connection, where: whereOf(target) };
}
