import { constants } from 'node:fs';
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { PathEscapeError } from '../../errors/file-errors.ts';
import { confinePath } from '../paths.ts';

/** A regular file that was opened for reading. Close the handle. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/**
 * Opens a file below a results directory by a relative path of a stranger. Results come from hosts, and with them links: what
 * is opened must lie in the directory in truth, whatever its path says. Undefined for what is no such file.
 */
export async function openFile(root: string, path: string): Promise<OpenFile | undefined> {
  const file = confine(root, path);
  if (file === undefined) return undefined;
  const handle = await openRegular(file);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (stats.isFile() && (await isBelow(root, handle, file)))
      return { handle, sizeBytes: stats.size, modifiedAt: Math.floor(stats.mtimeMs) };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

function confine(root: string, path: string): string | undefined {
  try {
    return confinePath(root, path);
  } catch (error) {
    if (error instanceof PathEscapeError) return undefined;
    throw error;
  }
}

/** A pipe must not hang us, and a link is not followed. */
async function openRegular(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isFileProblem(error)) return undefined;
    throw error;
  }
}

/** Asks of the opened file, not of its name: a directory on the way may be a link, or become one. */
async function isBelow(root: string, handle: FileHandle, file: string): Promise<boolean> {
  const trueRoot = await realpath(root);
  const truePath = process.platform === 'linux' ? await readlink(`/proc/self/fd/${handle.fd}`) : await realpath(file);
  return truePath.startsWith(`${trueRoot}/`);
}

/** Whether an error says no more than that a path names no file one may read. */
export function isFileProblem(error: unknown): boolean {
  const codes = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EISDIR', 'ENXIO', 'ENAMETOOLONG', 'EPERM', 'ENODEV'];
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
