import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TestDefinition } from '@autotest/core';
import { TestNotFoundError } from '../errors.ts';
import { bundledTests } from '../tests/index.ts';
import type { TestSource } from './messages.ts';

/** @throws TestNotFoundError when the module's default export is no test */
export async function loadTest(source: TestSource): Promise<{ definition: TestDefinition; modulePath: string }> {
  if (source.kind === 'bundled') {
    const definition = bundledTests.get(source.name);
    if (!definition) throw new TestNotFoundError(source.name, ['bundled tests']);
    return { definition, modulePath: fileURLToPath(import.meta.url) };
  }
  process.setSourceMapsEnabled(true);
  const module: { default?: unknown } = await import(pathToFileURL(source.path).href);
  const definition = module.default;
  if (!isTestDefinition(definition))
    throw new TestNotFoundError(source.path, ['its default export, which is no defineTest({…})']);
  return { definition, modulePath: source.path };
}

function isTestDefinition(value: unknown): value is TestDefinition {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && typeof value.name === 'string' && 'runOnce' in value && typeof value.runOnce === 'function';
}
