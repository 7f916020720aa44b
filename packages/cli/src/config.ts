import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '@autotest/core/node';
import { parse } from 'yaml';
import { NoServerError } from './errors.ts';

/** Where a command's server is and who asks. */
export interface ServerAccess {
  readonly url: string;
  readonly token: string | undefined;
}

/** Default of `--data`: `$XDG_DATA_HOME/autotest`. */
export function defaultDataDir(): string {
  return process.env.AUTOTEST_DATA ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'autotest');
}

/**
 * The server to talk to, first of: `--server` / `AUTOTEST_SERVER` with `AUTOTEST_TOKEN`; `~/.config/autotest/config.yaml` (`server`, `token`); the server
 * that `autotest up` runs on this machine for this user.
 *
 * @throws NoServerError
 */
export function findServer(options: { server?: string | undefined; data?: string | undefined }): ServerAccess {
  const token = process.env.AUTOTEST_TOKEN;
  const url = options.server ?? process.env.AUTOTEST_SERVER;
  const local = readLocalServer(options.data ?? defaultDataDir());
  if (url) return { url, token: token ?? (local?.url === url ? local.token : undefined) };
  const configured = readUserConfig();
  if (configured) return { url: configured.url, token: token ?? configured.token };
  if (local) return { url: local.url, token: token ?? local.token };
  throw new NoServerError();
}

function readUserConfig(): ServerAccess | undefined {
  const file = join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'autotest/config.yaml');
  if (!existsSync(file)) return undefined;
  const config = parse(readFileSync(file, 'utf8')) as { server?: unknown; token?: unknown } | null;
  if (typeof config?.server !== 'string') return undefined;
  return { url: config.server, token: typeof config.token === 'string' ? config.token : undefined };
}

const localServerFile = 'server.json';

/** Tells commands of this user on this machine where the server is; for nobody else's eyes, since it holds a token. */
export function writeLocalServer(dataDir: string, access: ServerAccess): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileAtomic(join(dataDir, localServerFile), `${JSON.stringify(access)}\n`, 0o600);
}

/** Takes it back, unless another server has written itself there meanwhile. */
export function removeLocalServer(dataDir: string, access: ServerAccess): void {
  if (readLocalServer(dataDir)?.token === access.token) rmSync(join(dataDir, localServerFile), { force: true });
}

function readLocalServer(dataDir: string): ServerAccess | undefined {
  try {
    const { url, token } = JSON.parse(readFileSync(join(dataDir, localServerFile), 'utf8')) as ServerAccess;
    return typeof url === 'string' ? { url, token } : undefined;
  } catch {
    return undefined;
  }
}
