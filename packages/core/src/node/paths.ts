import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { PathEscapeError, UnsafeDirectoryError } from '../errors/file-errors.ts';

/**
 * Absolute path of something below `root`, by a relative path of a stranger.
 *
 * Looks at names only; a caller that follows links must not (`O_NOFOLLOW`, `lstat`).
 * @throws PathEscapeError for absolute paths, `..`, NUL and the root itself.
 */
export function confinePath(root: string, relative: string): string {
  if (relative === '' || relative.includes('\0') || isAbsolute(relative)) throw new PathEscapeError(root, relative);
  const clean = normalize(relative);
  if (clean === '.' || clean === '..' || clean.startsWith(`..${sep}`) || relative.split('/').includes('..'))
    throw new PathEscapeError(root, relative);
  return join(root, clean);
}

const maxNameBytes = 100;
// oxlint-disable-next-line no-control-regex -- control characters are what is replaced
const unsafe = /[^\p{L}\p{N}._+=@,-]+/gu;

/**
 * A name that is safe as one file name: letters, digits and `._+=@,-`, at most 100 bytes, not hidden, never empty. Different names may give the
 * same result: see `uniqueName`.
 */
export function safeFileName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(unsafe, '_')
    .replace(/^[.-]+/, '_');
  const short = Buffer.byteLength(clean) <= maxNameBytes ? clean : shorten(clean, name);
  return short === '' ? '_' : short;
}

function shorten(clean: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  let cut = clean;
  while (Buffer.byteLength(cut) > maxNameBytes - 9) cut = cut.slice(0, -1);
  return `${cut}-${hash}`;
}

/** `name`, or `name.2`, `name.3` …: the first that is not there yet in `directory`. */
export function uniqueName(directory: string, name: string): string {
  const base = safeFileName(name);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? base : `${base}.${n}`;
    if (!existsSync(join(directory, candidate))) return candidate;
  }
}

/** Writes a file so that a reader sees the old or the new content, never half of one. */
export function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = join(dirname(file), `.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`);
  writeFileSync(temporary, content, { mode, flush: true });
  renameSync(temporary, file);
}

/** Directory for sockets, short enough for the 107 bytes that the kernel allows for a socket's path; made if missing, for this user only. */
export function runtimeDir(): string {
  const base = process.env.XDG_RUNTIME_DIR;
  const directory =
    base && Buffer.byteLength(base) < 60 && existsSync(base)
      ? join(base, 'autotest')
      : join(tmpdir(), `autotest-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(directory);
  // A directory that somebody else made under this name in a shared place would let them take the sockets' place.
  if (uid !== userInfo().uid || (mode & 0o170077) !== 0o040000) throw new UnsafeDirectoryError(directory);
  return directory;
}
