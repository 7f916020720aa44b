import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { moduleKey, type ClientSessionSpec } from '@autotest/core';
import { TestNotFoundError } from '../errors.ts';
import type { TestSource } from '../test-process/messages.ts';
import { bundledTests } from '../tests/index.ts';

/**
 * Where the code of a test is: a bundled test, a module of the control file's bundle, or one in a test directory, in this order.
 *
 * @throws TestNotFoundError
 */
export function findTest(nameOrPath: string, spec: ClientSessionSpec): TestSource {
  const { modules } = spec.control;
  const key = moduleKey(nameOrPath);
  if (key === undefined && bundledTests.has(nameOrPath)) return { kind: 'bundled', name: nameOrPath };
  const path = [key, nameOrPath].flatMap((name) =>
    name !== undefined && Object.hasOwn(modules, name) ? modules[name]! : [],
  )[0];
  if (path !== undefined) return { kind: 'file', path };
  const inDirs = spec.testDirs.flatMap((dir) => candidates(dir, nameOrPath)).find((file) => existsSync(file));
  if (key === undefined && isPlainName(nameOrPath) && inDirs !== undefined) return { kind: 'file', path: inDirs };
  throw new TestNotFoundError(nameOrPath, ['bundled tests', "the control file's bundle", ...spec.testDirs]);
}

/** Name of the result node: of a path, the file's name without extension. */
export function testNodeName(nameOrPath: string, tag: string | undefined): string {
  const name =
    nameOrPath
      .split('/')
      .at(-1)
      ?.replace(/\.[cm]?[jt]sx?$/, '') || nameOrPath;
  return tag === undefined || tag === '' ? name : `${name}.${tag}`;
}

function isPlainName(name: string): boolean {
  return /^[\w.+-]+$/.test(name) && !name.startsWith('.');
}

function candidates(dir: string, name: string): string[] {
  return ['mjs', 'js', 'ts'].flatMap((extension) => [
    join(dir, `${name}.${extension}`),
    join(dir, name, `${name}.${extension}`),
  ]);
}
