import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '@autotest/core/node';
import { hashFile } from '../hosts/upload.ts';

const hashes = new Map<string, Promise<string>>();
/** Hashing less takes no time worth saving. */
const largeBytes = 16 * 1024 * 1024;

/**
 * sha256 of a file that does not change while this process runs. Of a large one it is kept for the next process, under what the file system says of it: hashing Node takes longer
 * than everything else before a session starts. A wrong one cannot do harm: the host compares what arrives with it.
 */
export function hashOnce(file: string): Promise<string> {
  const known = hashes.get(file) ?? hash(file);
  hashes.set(file, known);
  known.catch(() => hashes.delete(file));
  return known;
}

async function hash(file: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(file);
  if (size < largeBytes) return hashFile(file);
  const key = createHash('sha256')
    .update(JSON.stringify([file, dev, ino, size, mtimeMs, ctimeMs]))
    .digest('hex');
  const directory = join(tmpdir(), `autotest-${userInfo().uid}`);
  const kept = join(directory, `sha256-${key.slice(0, 32)}`);
  const known = read(directory, kept);
  if (known !== undefined) return known;
  const sha256 = await hashFile(file);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (isOurs(directory)) writeFileAtomic(kept, sha256);
  } catch {
    // Then it is hashed next time, too.
  }
  return sha256;
}

function read(directory: string, file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return isOurs(directory) && /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody else can have written there. */
function isOurs(directory: string): boolean {
  const stat = lstatSync(directory);
  return stat.isDirectory() && stat.uid === userInfo().uid && (stat.mode & 0o022) === 0;
}
