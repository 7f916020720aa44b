import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bundleControl, writeBundle } from '@autotest/core/bundle';

async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'autotest-bundle-')));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Runs code in a Node of its own, in a directory that holds nothing but the bundle. */
async function runBundle(entryPath: string, code: string): Promise<string> {
  const bundle = await bundleControl({ entryPath });
  const place = join(await workspace({}), 'bundle');
  await writeBundle(bundle, place);
  const script = `const entry = (await import('./control.mjs')).default;\n${code}`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--input-type=module', '-e', script],
    {
      cwd: place,
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return `${stdout}${stderr}`.replaceAll(`file://${place}/`, '').replaceAll(`${place}/`, '');
}

test('Stack traces of a bundle name the places in the files as they were written.', async () => {
  const root = await workspace({
    'controls/my disk#1.ts': `import { defineControl, TestFail } from '@autotest/core';
import { fail } from './lib/fail.ts';
import { up } from '../shared/up.ts';

interface Unused { readonly [key: string]: unknown }

export default defineControl({
  name: 'n', author: 'a', doc: 'd', type: 'client',
  async run(job) {
    if (job.name === 'up') up();
    fail(TestFail);
  },
});
`,
    'controls/lib/fail.ts': `enum Reason {
  Short = 'short file',
}

export function fail(kind: new (message: string) => Error): never {
  throw new kind(Reason.Short);
}
`,
    'shared/up.ts': `export function up(): void {\n\n  throw new Error('up');\n}\n`,
  });
  const entry = join(root, 'controls/my disk#1.ts');
  const stack = await runBundle(entry, 'await entry.run({}).catch((error) => console.log(error.stack));');
  expect(stack).toContain('TestFail: short file');
  expect(stack).toMatch(/lib\/fail\.ts:6:\d+/);
  expect(stack).toMatch(/my(%20| )disk(%23|#)1\.ts:11:\d+/);
  const upper = await runBundle(entry, "await entry.run({ name: 'up' }).catch((error) => console.log(error.stack));");
  expect(upper).toMatch(/at up \(_up\/shared\/up\.ts:3:\d+\)/);
});

test('CommonJS packages run in a bundle, with what they require of Node.', async () => {
  const root = await workspace({
    'c.ts': `import { defineControl } from '@autotest/core';
import dep from 'dep';
import data from './data.json';
export default defineControl({ name: 'n', author: 'a', doc: 'd', type: 'client', run() { console.log(dep.join('a', data.b)); } });
`,
    'data.json': '{"b":"b"}',
    'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"main.js"}',
    'node_modules/dep/main.js':
      "const name = 'path'; module.exports = { join: require('path').join, again: require(name).join };",
  });
  expect(await runBundle(join(root, 'c.ts'), 'await entry.run();')).toBe('a/b\n');
});

test('A bundle made from the control file of the examples loads where nothing is installed.', async () => {
  const entry = join(import.meta.dirname, '../../../examples/hello/control.ts');
  expect(await runBundle(entry, 'console.log(entry.name, typeof entry.run);')).toBe('hello function\n');
});
