import { createHash } from 'node:crypto';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HostSpec } from '@autotest/core';
import { HostUnfitError } from '../errors.ts';

/** Base directory for this machine as a host: out of the way of the user's home. */
export function localBase(): string {
  return join(tmpdir(), `autotest-${userInfo().uid}`, 'local');
}

/** First part of the names of all sessions of one execution; the same for whoever looks after its results directory later. */
export function sessionPrefix(resultsDir: string): string {
  return createHash('sha256').update(`${hostname()}\0${resultsDir}`).digest('hex').slice(0, 16);
}

/** Name of the `number`-th session of an execution on one host. */
export function sessionName(resultsDir: string, host: string, number: number): string {
  return `${sessionPrefix(resultsDir)}-${createHash('sha256').update(host).digest('hex').slice(0, 8)}-${number}`;
}

/** Value of the host attribute `install-dir` for a directory of the execution's own, which is deleted at its end. */
export const inTmpDir = 'tmpdir';

/** Directories that the host's attributes name for the client; undefined where they name none. @throws HostUnfitError for a path that is no absolute one */
export function installBases(
  { name, attributes }: Pick<HostSpec, 'name' | 'attributes'>,
  resultsDir: string,
): readonly string[] | undefined {
  const wanted = attributes['install-dir'];
  if (wanted === undefined || wanted === '') return undefined;
  if (wanted === inTmpDir) return ['/tmp', '/var/tmp'].map((dir) => `${dir}/autotest-tmp-${sessionPrefix(resultsDir)}`);
  if (/^\/[\w./-]+$/.test(wanted) && !wanted.split('/').includes('..')) return [wanted.replace(/\/+$/, '')];
  throw new HostUnfitError(
    name,
    `its attribute install-dir is ${JSON.stringify(wanted.slice(0, 200))}`,
    `Write an absolute path of letters, digits, dots and dashes, or ${inTmpDir}.`,
  );
}

/** Directory of the files of a host's n-th session below the results directory. */
export function sessionDirectory(below: string, number: number): string {
  return number === 1 ? below : `${below}/run.${number}`;
}
