import { createHash } from 'node:crypto';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where things are on a host, below its base directory (see core's execution/session.ts). Host paths have `/`, whatever runs here. */
export interface HostPaths {
  readonly base: string;
  /** Node binary that runs the client. */
  readonly node: string;
  readonly client: string;
}

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

export function sessionDir(base: string, name: string): string {
  return `${base}/sessions/${name}`;
}

/** Directory of the files of a host's n-th session below the results directory. */
export function sessionDirectory(below: string, number: number): string {
  return number === 1 ? below : `${below}/run.${number}`;
}
