import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseAgent, ParsedKey } from 'ssh2';
import { AgentKeys } from './agent.ts';
import { certificateProblem, certifiedKey, parseCertificate, type Certificate } from './certificate.ts';
import { homeOf } from './config-file.ts';
import { parseHostKey } from './host-keys.ts';
import { parseKey } from './ssh2.ts';
import type { SshTarget } from './target.ts';

/** A way to prove who we are: a key of a file, or an agent that holds keys. Public keys only, so no round trip is lost on other methods. */
export type AuthMethod =
  | { readonly type: 'publickey'; readonly username: string; readonly key: ParsedKey }
  | { readonly type: 'agent'; readonly username: string; readonly agent: BaseAgent<ParsedKey> };

export interface AuthPlan {
  readonly methods: readonly AuthMethod[];
  /** What is tried, for people. */
  readonly tried: readonly string[];
  /** Files that could not be used, with the reason. */
  readonly unusable: readonly string[];
}

const defaultFiles = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const agentTimeoutMs = 5000;

/**
 * Keys to try, best first: an agent, then files; with `identitiesOnly` only keys of the files, from the agent too where it holds them. A certificate (`KEY-cert.pub`,
 * CertificateFile) goes before the key that it certifies.
 */
export function planAuth({ auth, user }: SshTarget, env: NodeJS.ProcessEnv): AuthPlan {
  const methods: AuthMethod[] = [];
  const tried: string[] = [];
  const unusable: string[] = [];
  const files =
    auth.identityFiles ??
    defaultFiles.map((name) => join(homeOf(env), '.ssh', name)).filter((file) => existsSync(file));
  const certificates = [...auth.certificateFiles, ...files.map((file) => `${file}-cert.pub`)].flatMap((file) =>
    readCertificate(file, auth.certificateFiles.includes(file), unusable),
  );
  const keys = files.map((file) => ({ file, key: readKey(file) }));
  const agent = auth.agent !== undefined && existsSync(auth.agent) ? auth.agent : undefined;
  // What a file gives needs no agent: each key is tried once, since sshd counts.
  const inAgent = keys.flatMap(({ file, key }) => ('problem' in key ? (readPublicKey(file) ?? []) : []));
  if (agent !== undefined && (!auth.identitiesOnly || inAgent.length > 0)) {
    const held = new AgentKeys(agent, {
      ...(auth.identitiesOnly && { only: inAgent }),
      certificates,
      timeoutMs: agentTimeoutMs,
    });
    methods.push({ type: 'agent', username: user, agent: held });
    tried.push('the SSH agent');
  }
  const fromFiles: AuthMethod[] = [];
  for (const { file, key } of keys) {
    if ('problem' in key) {
      unusable.push(`${file} (${key.problem})`);
      continue;
    }
    const own = certificates.filter(({ publicKey }) => publicKey.equals(key.getPublicSSH()));
    for (const certificate of own) {
      fromFiles.push({ type: 'publickey', username: user, key: certifiedKey(key, certificate) });
      tried.push(`${file} with its certificate`);
    }
    fromFiles.push({ type: 'publickey', username: user, key });
    tried.push(file);
  }
  return { methods: [...methods, ...fromFiles], tried, unusable };
}

function readKey(file: string): ParsedKey | { problem: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? 'cannot be read' };
  }
  const parsed = parseKey(text);
  if (parsed instanceof Error)
    return {
      problem: /passphrase/i.test(parsed.message)
        ? `it has a passphrase: give it to an agent by "ssh-add ${file}", and run Autotest with SSH_AUTH_SOCK`
        : parsed.message,
    };
  return parsed.isPrivateKey() ? parsed : { problem: 'it is no private key' };
}

/** Of the `.pub` beside it, or the file itself where that is a public key whose private half an agent holds. */
function readPublicKey(file: string): Buffer | undefined {
  for (const candidate of [`${file}.pub`, file]) {
    try {
      const key = parseHostKey(readFileSync(candidate, 'utf8'));
      if (key) return key;
    } catch {
      // Not there: then the agent is not asked for it.
    }
  }
  return undefined;
}

function readCertificate(file: string, mustExist: boolean, unusable: string[]): Certificate[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (mustExist) unusable.push(`${file} (${(error as NodeJS.ErrnoException).code ?? 'cannot be read'})`);
    return [];
  }
  const blob = parseHostKey(text);
  const certificate = blob && parseCertificate(blob);
  const problem = certificate ? certificateProblem(certificate, Date.now()) : 'it is no user certificate';
  if (problem === undefined && certificate) return [certificate];
  unusable.push(`${file} (${problem})`);
  return [];
}
