import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HostSpec } from '@autotest/core';
import { parseKey } from './ssh2.ts';

/** A way to prove who we are: a key of a file, or an agent that holds keys. Public keys only, so no round trip is lost on other methods. */
export type AuthMethod =
  | { readonly type: 'publickey'; readonly username: string; readonly key: string }
  | { readonly type: 'agent'; readonly username: string; readonly agent: string };

export interface AuthPlan {
  readonly methods: readonly AuthMethod[];
  /** What is tried, for people. */
  readonly tried: readonly string[];
  /** Files that could not be used, with the reason. */
  readonly unusable: readonly string[];
}

const defaultFiles = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Keys to try for a host, best first: its own key file alone where it has one, else the user's agent and the usual files of ~/.ssh. */
export function planAuth(spec: HostSpec, env: NodeJS.ProcessEnv): AuthPlan {
  const methods: AuthMethod[] = [];
  const tried: string[] = [];
  const unusable: string[] = [];
  const addFile = (file: string): void => {
    const key = readKey(file);
    if ('problem' in key) {
      unusable.push(`${file} (${key.problem})`);
      return;
    }
    methods.push({ type: 'publickey', username: spec.user, key: key.text });
    tried.push(file);
  };
  if (spec.keyFile !== undefined) {
    addFile(spec.keyFile);
    return { methods, tried, unusable };
  }
  const agent = env.SSH_AUTH_SOCK;
  if (agent && existsSync(agent)) {
    methods.push({ type: 'agent', username: spec.user, agent });
    tried.push('the SSH agent');
  }
  for (const name of defaultFiles) {
    const file = join(env.HOME ?? homedir(), '.ssh', name);
    if (existsSync(file)) addFile(file);
  }
  return { methods, tried, unusable };
}

function readKey(file: string): { text: string } | { problem: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? 'cannot be read' };
  }
  const parsed = parseKey(text);
  return parsed instanceof Error ? { problem: parsed.message } : { text };
}
