import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { encodeNewKey, makeKey, publicKey } from '../src/keys.ts';

test('a new key is read by ssh2, and signs what its public half checks; hundreds of them', () => {
  for (let n = 0; n < 300; n++) {
    const { privateKey, publicKey: line } = encodeNewKey('somebody@somewhere');
    const secret = ssh2.utils.parseKey(privateKey);
    const open = ssh2.utils.parseKey(line);
    if (secret instanceof Error || open instanceof Error) throw new Error('a key cannot be read');
    expect(open.verify('text', secret.sign('text'))).toBe(true);
    expect(secret.comment).toBe('somebody@somewhere');
  }
});

test('a key in a file is for nobody else, and its public half is pinned without the comment', () => {
  const dir = mkdtempSync(join(tmpdir(), 'keys-'));
  try {
    const file = join(dir, 'sub/key');
    makeKey(file, 'me');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(publicKey(file)).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+$/);
    expect(readFileSync(`${file}.pub`, 'utf8')).toBe(`${publicKey(file)} me\n`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
