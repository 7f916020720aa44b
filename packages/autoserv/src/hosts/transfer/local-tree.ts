import { lstatSync, readdirSync, readlinkSync, statSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Something of a tree on this machine. */
export interface LocalEntry {
  /** Relative to the root. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly size: number;
  readonly target?: string;
}

/**
 * Everything below a directory but its own links' trees, devices and pipes; parents before children.
 *
 * @param keepLinks links as links; else a link to a file stands for that file, and other links are left out
 */
export function listTree(root: string, keepLinks: boolean): LocalEntry[] {
  const entries: LocalEntry[] = [];
  const visit = (directory: string, prefix: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const file = join(directory, entry.name);
      const found = describe(entry, file, `${prefix}${entry.name}`, keepLinks);
      if (!found) continue;
      entries.push(found);
      if (found.kind === 'directory') visit(file, `${found.path}/`);
    }
  };
  visit(root, '');
  return entries;
}

function describe(entry: Dirent, file: string, path: string, keepLinks: boolean): LocalEntry | undefined {
  const isLink = entry.isSymbolicLink();
  if (isLink && keepLinks) return { path, file, kind: 'link', mode: 0o777, size: 0, target: readlinkSync(file) };
  const stat = isLink ? followed(file) : lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile()) return { path, file, kind: 'file', mode: stat.mode & 0o7777, size: stat.size };
  if (!isLink && stat?.isDirectory()) return { path, file, kind: 'directory', mode: stat.mode & 0o7777, size: 0 };
  return undefined;
}

/** Undefined where the link leads nowhere, or round in a circle. */
function followed(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
