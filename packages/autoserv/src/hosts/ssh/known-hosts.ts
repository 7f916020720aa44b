import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Keys that the user's known_hosts has for a host, in OpenSSH format; hashed names are understood, `@revoked` and certificate lines are passed over. */
export function knownHostKeys(host: string, port: number, file = join(homedir(), '.ssh', 'known_hosts')): string[] {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return readLines(file).flatMap((line) => {
    const [names, type, key] = line.split(/\s+/);
    if (!names || !type || !key || names.startsWith('#') || names.startsWith('@')) return [];
    return names.split(',').some((pattern) => matches(pattern, name)) ? [`${type} ${key}`] : [];
  });
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.startsWith('|1|')) return pattern === name;
  const [, , salt, hash] = pattern.split('|');
  if (!salt || !hash) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim());
  } catch {
    return [];
  }
}
