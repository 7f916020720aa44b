import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * Path of `name` below `root`, links followed, or null where it is outside of it, not a regular file or not there. Names come
 * from logs and so from strangers.
 */
export async function fileInside(root: string, name: string): Promise<string | null> {
  if (name.includes('\0') || isAbsolute(name)) return null;
  try {
    // Most tests lack most files: look for it before anything dear.
    await lstat(resolve(root, name));
    const [realRoot, real] = await Promise.all([realpath(root), realpath(resolve(root, name))]);
    const below = relative(realRoot, real);
    if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return null;
    return (await lstat(real)).isFile() ? real : null;
  } catch {
    return null;
  }
}

export interface FileText {
  readonly text: string;
  /** The file has more than was asked for. */
  readonly truncated: boolean;
}

/** Text of a file below `root`, at most `maxBytes` of it; null where there is no such file or it cannot be read. */
export async function readInside(root: string, name: string, maxBytes: number): Promise<FileText | null> {
  const path = await fileInside(root, name);
  if (path === null) return null;
  try {
    // A pipe put in the place of the file in between must not hang the reader.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, maxBytes));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return { text: buffer.toString('utf8', 0, bytesRead), truncated: size > maxBytes };
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** Nearest directory at or above `dir` that holds the pid file of autoserv; null where none does. */
export async function topLevelDir(dir: string): Promise<string | null> {
  let at = resolve(dir);
  for (;;) {
    if ((await fileInside(at, pidFileName)) !== null) return at;
    const parent = dirname(at);
    if (parent === at) return null;
    at = parent;
  }
}

/** Directories from `dir` up to `top`, both included. */
export function dirsUpTo(dir: string, top: string): string[] {
  const dirs: string[] = [];
  for (let at = resolve(dir); ; at = dirname(at)) {
    dirs.push(at);
    if (at === resolve(top) || at === dirname(at)) return dirs;
  }
}

export const pidFileName = '.autoserv_execute';

/** Path of `path` as seen from `root`, with forward slashes. */
export function relativeTo(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** True where `name` is one plain path segment. */
export function isSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}
