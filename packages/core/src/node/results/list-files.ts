import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PathEscapeError } from '../../errors/file-errors.ts';
import { confinePath } from '../paths.ts';
import { isFileProblem } from './open-file.ts';

export interface ListedFile {
  /** Relative to the results directory. */
  readonly path: string;
  readonly size: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

const maxDepth = 64;
/** Most directory entries that are looked at for one list. */
const maxVisited = 200_000;

/** Regular files below a results directory (or below `under` in it), sorted by path, at most `first`. Links are neither listed nor followed. */
export async function listFiles(
  root: string,
  options: { readonly first: number; readonly under?: string | undefined },
): Promise<ListedFile[]> {
  const start = await startOf(root, options.under);
  if (start === undefined) return [];
  const found: ListedFile[] = [];
  let visited = 0;
  await visit(start, 0);
  return found;

  async function visit(below: string, depth: number): Promise<void> {
    if (depth > maxDepth) return;
    for (const entry of await entriesOf(join(root, below))) {
      visited += 1;
      if (found.length >= options.first || visited > maxVisited) return;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await visit(path, depth + 1);
      else if (entry.isFile()) await add(path);
    }
  }

  async function add(path: string): Promise<void> {
    const stats = await lstat(join(root, path)).catch(() => undefined);
    if (stats?.isFile()) found.push({ path, size: stats.size, modifiedAt: Math.floor(stats.mtimeMs) });
  }
}

/** Normal form of `under`; undefined where it leaves the directory, by its name or by a link. */
async function startOf(root: string, under: string | undefined): Promise<string | undefined> {
  if (under === undefined || under === '' || under === '.') return '';
  try {
    const directory = confinePath(root, under);
    const trueRoot = await realpath(root);
    const truePath = await realpath(directory);
    const inside = join(trueRoot, directory.slice(join(root, '/').length));
    return truePath === inside.replace(/\/$/, '')
      ? directory.slice(join(root, '/').length).replace(/\/$/, '')
      : undefined;
  } catch (error) {
    if (error instanceof PathEscapeError || isFileProblem(error)) return undefined;
    throw error;
  }
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => compare(sortKey(a), sortKey(b)));
  } catch (error) {
    if (isFileProblem(error)) return [];
    throw error;
  }
}

/** With its slash, so that the files of a directory stand where their whole paths belong. */
function sortKey(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
