import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClientSessionSpec } from '@autotest/core';
import { isSameProcess, readProcessStart, writeFileAtomic } from '@autotest/core/node';
import { SessionError } from '../errors.ts';

/** Files of a session directory; see `execution/session.ts` of core. */
export interface SessionFiles {
  readonly dir: string;
  readonly spec: string;
  readonly pid: string;
  /** How the last client ended: `{ exitCode }`. */
  readonly exit: string;
  /** There when the client is to end: `{ reason }`. A SIGTERM without it is the machine going down. */
  readonly stop: string;
  /** Identity of each file that a follower was sent. */
  readonly followed: string;
}

export interface ClientIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

export function sessionFiles(directory: string): SessionFiles {
  const dir = resolve(directory);
  return {
    dir,
    spec: join(dir, 'session.json'),
    pid: join(dir, 'client.pid'),
    exit: join(dir, 'client.exit'),
    stop: join(dir, 'client.stop'),
    followed: join(dir, 'followed.ndjson'),
  };
}

/** With all paths absolute. @throws SessionError */
export function readSessionSpec(files: SessionFiles): ClientSessionSpec {
  let spec: ClientSessionSpec;
  try {
    spec = JSON.parse(readFileSync(files.spec, 'utf8'));
  } catch (error) {
    throw new SessionError(files.dir, `${files.spec} cannot be read`, error);
  }
  if (spec.version !== 1) throw new SessionError(files.dir, `version ${String(spec.version)} is not known`);
  const { control } = spec;
  const absolute = (path: string): string => resolve(files.dir, path);
  return {
    ...spec,
    control: {
      ...control,
      entry: absolute(control.entry),
      modules: Object.fromEntries(Object.entries(control.modules).map(([key, path]) => [key, absolute(path)])),
    },
    resultsDir: absolute(spec.resultsDir),
    cacheDir: absolute(spec.cacheDir),
  };
}

/** The client that runs the session, if one does. */
export function runningClient(files: SessionFiles): ClientIdentity | undefined {
  const identity = readIdentity(files.pid);
  return identity && isSameProcess(identity.pid, identity.startTicks) ? identity : undefined;
}

export function writeClientIdentity(files: SessionFiles): void {
  rmSync(files.exit, { force: true });
  const startTicks = readProcessStart(process.pid) ?? '';
  writeFileAtomic(files.pid, `${JSON.stringify({ pid: process.pid, startTicks })}\n`);
}

/** Synchronous, so that it can be the last thing a process does. */
export function writeClientExit(files: SessionFiles, exitCode: number): void {
  writeFileAtomic(files.exit, `${JSON.stringify({ exitCode })}\n`);
}

export function readClientExit(files: SessionFiles): number | undefined {
  try {
    const { exitCode }: { exitCode: number } = JSON.parse(readFileSync(files.exit, 'utf8'));
    return exitCode;
  } catch {
    return undefined;
  }
}

/** Reads `{ pid, startTicks }`; undefined when the file is not there. */
export function readIdentity(file: string): ClientIdentity | undefined {
  try {
    const identity: ClientIdentity = JSON.parse(readFileSync(file, 'utf8'));
    return identity;
  } catch {
    return undefined;
  }
}
