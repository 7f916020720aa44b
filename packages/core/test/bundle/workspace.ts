import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ControlFileError } from '../../src/bundle/errors.ts';

/** Makes a directory with files, deleted at the end of the test. */
export async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'autotest-bundle-')));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Text of a client control file. */
export function control(body: string, imports = ''): string {
  return `import { defineControl, TestFail } from '@autotest/core';
${imports}
export default defineControl({
  name: 'sample', author: 'me', doc: 'A sample.', type: 'client',
  async run(job) {
    ${body}
  },
});
`;
}

/** Text of a test module. */
export function testModule(body: string, imports = ''): string {
  return `import { defineTest } from '@autotest/core';
${imports}
export default defineTest({ name: 'sample', async runOnce(t) {
  ${body}
} });
`;
}

/** Messages of the problems with which something ends. */
export async function problemsOf(running: Promise<unknown>): Promise<string[]> {
  try {
    await running;
  } catch (error) {
    if (error instanceof ControlFileError) return error.message.split('\n');
    throw error;
  }
  return [];
}
