import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runTool } from './run-tool.ts';

/** Makes an ed25519 key in OpenSSH's format, with `.pub` beside it. */
export async function makeKey(file: string, comment: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await runTool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

/** Makes many; a few at a time. */
export async function makeKeys(keys: readonly { readonly file: string; readonly comment: string }[]): Promise<void> {
  const left = [...keys];
  const work = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) await makeKey(key.file, key.comment);
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

/** Public key as it is pinned: `ssh-ed25519 AAAA…`, without the comment. @param file of the private key */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}
