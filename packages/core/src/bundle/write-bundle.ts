import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { confinePath } from '../node/paths.ts';
import type { ControlBundle } from './control-bundle.ts';

/**
 * Writes the files of a bundle, so that `directory` holds exactly them. Other programs see all of it or nothing: it is written
 * beside and renamed. A directory that holds it already is left as it is, so several programs may write the same bundle.
 *
 * @throws PathEscapeError (`AT_PATH_ESCAPE`) for a path that leaves the directory; then nothing was written.
 */
export async function writeBundle(bundle: ControlBundle, directory: string): Promise<void> {
  const target = resolve(directory);
  const files = Object.entries(bundle.files);
  for (const [path] of files) confinePath(target, path);
  if (await holds(target, bundle.files)) return;
  const mark = randomBytes(6).toString('hex');
  const fresh = `${target}.new-${mark}`;
  const old = `${target}.old-${mark}`;
  try {
    await mkdir(fresh, { recursive: true });
    for (const [path, text] of files) await writeOne(confinePath(fresh, path), text);
    await putInPlace(fresh, target, old, bundle.files);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function writeOne(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: 'wx', flush: true });
}

async function putInPlace(fresh: string, target: string, old: string, files: ControlBundle['files']): Promise<void> {
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      await rename(fresh, target);
      return;
    } catch (error) {
      if (triesLeft === 0 || !isOneOf(error, ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'])) throw error;
    }
    // Somebody else may have been faster with the same bundle.
    if (await holds(target, files)) return;
    await rename(target, `${old}-${triesLeft}`).catch(ignoreMissing);
    await rm(`${old}-${triesLeft}`, { recursive: true, force: true });
  }
}

/** Somebody else has moved it away already. */
function ignoreMissing(error: unknown): void {
  if (!isOneOf(error, ['ENOENT'])) throw error;
}

/** Whether a directory holds these files and no others. */
async function holds(directory: string, files: ControlBundle['files']): Promise<boolean> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const found = entries.filter((entry) => !entry.isDirectory());
    if (found.length !== Object.keys(files).length) return false;
    for (const entry of found) {
      const path = join(entry.parentPath, entry.name);
      const wanted = files[relative(directory, path).split(sep).join('/')];
      if (wanted === undefined || !entry.isFile() || (await readFile(path, 'utf8')) !== wanted) return false;
    }
    return true;
  } catch (error) {
    if (isOneOf(error, ['ENOENT', 'ENOTDIR'])) return false;
    throw error;
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
