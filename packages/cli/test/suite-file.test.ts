import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSuiteFile } from '../src/api/suite-file.ts';

const control = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'n', author: 'a', doc: 'd', type: 'client', async run(job) {} });
`;

/** Path of a suite file that lies beside `greet.ts`. */
function suiteFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'suite-file-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'greet.ts'), control);
  writeFileSync(join(directory, 'suite.yaml'), text);
  return join(directory, 'suite.yaml');
}

test('a suite file names jobs by key and number, and spans of time in words', async () => {
  const { name, jobs } = await readSuiteFile(
    suiteFile(`name: nightly
jobs:
  - { key: 1st, control: greet.ts, hosts: h1, timeout: 2h, idleTimeout: 90 s }
  - { control: greet.ts, any: 2, params: { a: [1] }, reserveOn: failure, reserveFor: 1h, after: [build:finished, 1st, '7:finished', 8] }
`),
  );
  expect(name).toBe('nightly');
  expect(jobs).toMatchObject([
    { key: '1st', job: { hosts: ['h1'], timeout: 7_200_000, idleTimeout: 90_000, after: [] }, afterSiblings: [] },
    {
      job: {
        anyHosts: 2,
        params: { a: [1] },
        reserveOn: 'failure',
        reserveFor: 3_600_000,
        after: [
          { job: '7', when: 'finished' },
          { job: '8', when: 'passed' },
        ],
      },
      afterSiblings: [
        { sibling: 'build', when: 'finished' },
        { sibling: '1st', when: 'passed' },
      ],
    },
  ]);
});

test.each([
  ['jobs: []', /name must be text/],
  ['name: s\njobs: 1', /jobs must be a list/],
  ['- 1', /holds no suite/],
  ['name: [', /cannot be read/],
  ['name: s\njobs: []\nowner: a', /there is no field 'owner'/],
  ['name: s\njobs: [greet.ts]', /job 0 must be an object/],
  ['name: s\njobs: [{ contol: a.ts }]', /job 0: there is no field 'contol'/],
  ['name: s\njobs: [{ key: a }]', /job 0 names no control file/],
  ['name: s\njobs: [{ control: greet.ts, after: a:gone }]', /KEY:passed or KEY:finished/],
  ['name: s\njobs: [{ control: greet.ts, after: 7:gone }]', /7:passed or 7:finished/],
  ['name: s\njobs: [{ control: greet.ts, after: [[a]] }]', /after must be a list of texts/],
  ['name: s\njobs: [{ control: greet.ts, timeout: true }]', /timeout must be a duration/],
])('a suite file with %j is refused in words', async (text, words) => {
  await expect(readSuiteFile(suiteFile(text))).rejects.toMatchObject({
    code: 'AT_USAGE',
    message: expect.stringMatching(words),
  });
});
