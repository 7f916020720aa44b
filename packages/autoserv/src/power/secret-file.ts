import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { messageOf } from '@autotest/core';
import { DriverFileError } from '../errors.ts';

const defaultDir = '/etc/autotest';
const largestBytes = 64 * 1024;

export interface SecretFile {
  readonly path: string;
  /** Content without the line break behind it. */
  readonly text: string;
}

/**
 * Reads a file that an attribute of a host names. It must be in the directory for such files (AUTOTEST_SECRETS_DIR): who may change a host's attributes could send any other
 * file to an address of his choice.
 *
 * @param file absolute, or relative to that directory
 * @throws DriverFileError
 */
export function readSecret(file: string, env: NodeJS.ProcessEnv): SecretFile {
  const directory = env.AUTOTEST_SECRETS_DIR ?? defaultDir;
  const remedy = `Files that the attributes power and console name belong into ${directory} (AUTOTEST_SECRETS_DIR).`;
  try {
    const path = realpathSync(resolve(directory, file));
    if (!isInside(realpathSync(directory), path)) throw new Error('it is outside of the directory for secrets');
    if (!statSync(path).isFile()) throw new Error('it is no file');
    const text = readFileSync(path, 'utf8');
    if (text.length > largestBytes) throw new Error('it is too large for a secret');
    return { path, text: text.replace(/\r?\n$/, '') };
  } catch (error) {
    throw new DriverFileError(file, messageOf(error), remedy);
  }
}

/** Path of a program of the lab's own, in the directory AUTOTEST_DRIVERS_DIR. @throws DriverFileError */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string {
  const directory = env.AUTOTEST_DRIVERS_DIR;
  const remedy = 'Put an executable of this name into the directory AUTOTEST_DRIVERS_DIR.';
  if (directory === undefined || !isAbsolute(directory))
    throw new DriverFileError(`command:${name}`, 'AUTOTEST_DRIVERS_DIR names no directory', remedy);
  // What stands in a host's attributes is data: it names a program of the lab and no path.
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw new DriverFileError(`command:${name}`, 'it is no plain name of a program', remedy);
  const path = join(directory, name);
  try {
    const about = statSync(path);
    if (!about.isFile() || (about.mode & 0o111) === 0) throw new Error('it is no executable file');
    return path;
  } catch (error) {
    throw new DriverFileError(path, messageOf(error), remedy);
  }
}

/** Options of a `command:` URL as its program gets them. */
export function programEnv(options: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`AUTOTEST_ARG_${name.toUpperCase().replaceAll('-', '_')}`, value]),
  );
}

function isInside(directory: string, path: string): boolean {
  const below = relative(directory, path);
  return below !== '' && !below.startsWith('..') && !isAbsolute(below);
}
