import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleControl } from '../../src/bundle/bundle-control.ts';
import { parseSyntax } from '../../src/bundle/syntax.ts';
import { control, problemsOf, testModule, workspace } from './workspace.ts';

describe('A bundle', () => {
  test('holds the control file and the tests it names, each complete in itself.', async () => {
    const root = await workspace({
      'disk.ts': control(
        "await helper(job); await job.group('g', async () => { await job?.runTest(`./tests/scratch.ts`); });",
        "import { helper } from './lib/helper.ts';",
      ),
      'lib/helper.ts':
        "export const helper = (job: any) => job.runTest('./tests/deep/other.mjs', {}, { check: true });",
      'tests/scratch.ts': testModule('t.log(text);', "import { text } from '../lib/text.ts';"),
      'tests/deep/other.mjs': testModule('t.log("other");'),
      'lib/text.ts': 'export const text: string = "from the library";',
      'never-named.ts': testModule(''),
    });
    const bundle = await bundleControl({ entryPath: join(root, 'disk.ts') });
    expect(bundle).toMatchObject({
      entry: 'control.mjs',
      fileName: 'disk.ts',
      metadata: { name: 'sample', type: 'client' },
    });
    expect({ ...bundle.modules }).toEqual({
      'tests/deep/other.mjs': 'tests/deep/other.mjs',
      'tests/scratch.ts': 'tests/scratch.mjs',
    });
    expect(Object.keys(bundle.files).sort()).toEqual(['control.mjs', 'tests/deep/other.mjs', 'tests/scratch.mjs']);
    expect(bundle.files['tests/scratch.mjs']).toContain('from the library');
    for (const code of Object.values(bundle.files)) expect(code).not.toMatch(/^import (?!.*"node:)/m);
    expect(bundle.sizeBytes).toBe(Object.values(bundle.files).reduce((sum, code) => sum + Buffer.byteLength(code), 0));
  });

  test('has the same hash in any directory, and names no directory of this machine.', async () => {
    const files = {
      'c.ts': control("await job.runTest('./t.ts');", "import { x } from './lib/x.ts'; import dep from 'dep'; x(dep);"),
      't.ts': testModule(''),
      'lib/x.ts': 'export const x = (y: unknown) => console.log(y);',
      'node_modules/dep/package.json': '{"name":"dep","main":"main.js"}',
      'node_modules/dep/main.js': "exports.dep = require('os').EOL;",
    };
    const [one, other] = [await workspace(files), await workspace(Object.fromEntries(Object.entries(files).reverse()))];
    const first = await bundleControl({ entryPath: join(one, 'c.ts') });
    const second = await bundleControl({ entryPath: join(other, 'c.ts') });
    expect(first.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(second).toEqual(first);
    for (const code of Object.values(first.files)) {
      const map = Buffer.from(code.split('base64,')[1] ?? '', 'base64').toString();
      for (const path of [one, process.cwd(), import.meta.dirname]) expect(code + map).not.toContain(path);
    }
  });

  test('has another hash when anything in it differs, be it a comment.', async () => {
    const [one, other] = [await workspace({ 'c.ts': control('') }), await workspace({ 'c.ts': control('// note') })];
    const hashes = [
      (await bundleControl({ entryPath: join(one, 'c.ts') })).hash,
      (await bundleControl({ entryPath: join(other, 'c.ts') })).hash,
    ];
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('keeps files from outside the directory of the control file inside of it.', async () => {
    const root = await workspace({
      'controls/c.ts': control("await job.runTest('../shared/t.ts'); x();", "import { x } from '../shared/x.ts';"),
      'shared/t.ts': testModule(''),
      'shared/x.ts': 'export const x = () => { throw new Error("x"); };',
    });
    const bundle = await bundleControl({ entryPath: join(root, 'controls/c.ts') });
    expect({ ...bundle.modules }).toEqual({ '../shared/t.ts': '_up/shared/t.mjs' });
    expect(sourcesOf(bundle.files['control.mjs'])).toEqual(expect.arrayContaining(['_up/shared/x.ts', 'c.ts']));
    expect(sourcesOf(bundle.files['_up/shared/t.mjs'])).toContain('t.ts');
  });

  test('follows the paths of a client control file that a server control file ships.', async () => {
    const root = await workspace({
      'server.ts': control("await job.runClientControl('./sub/client.ts');").replace("'client'", "'server'"),
      'sub/client.ts': control("await job.runTest('./t.ts');"),
      'sub/t.ts': testModule(''),
    });
    const bundle = await bundleControl({ entryPath: join(root, 'server.ts') });
    expect({ ...bundle.modules }).toEqual({ 'sub/client.ts': 'sub/client.mjs', 'sub/t.ts': 'sub/t.mjs' });
  });

  test('gives two modules that would get one name two names.', async () => {
    const root = await workspace({
      'c.ts': control("await job.runTest('./control.ts'); await job.runTest('./t.ts'); await job.runTest('./t.js');"),
      'control.ts': testModule(''),
      't.ts': testModule(''),
      't.js': testModule(''),
    });
    const bundle = await bundleControl({ entryPath: join(root, 'c.ts') });
    expect({ ...bundle.modules }).toEqual({ 'control.ts': 'control-2.mjs', 't.ts': 't.mjs', 't.js': 't-2.mjs' });
  });

  test('does not depend on the settings of an editor.', async () => {
    const root = await workspace({
      'c.ts': control('', "import { a } from '@lib/a';"),
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}',
      'lib/a.ts': 'export const a = 1; console.log(a);',
    });
    expect(await problemsOf(bundleControl({ entryPath: join(root, 'c.ts') }))).toEqual([]);
    const used = await workspace({
      'c.ts': control('job.keyval({ a });', "import { a } from '@lib/a';"),
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}',
      'lib/a.ts': 'export const a = 1;',
    });
    expect(await problemsOf(bundleControl({ entryPath: join(used, 'c.ts') }))).toEqual([
      'c.ts:2:19: Could not resolve "@lib/a". Install it next to the control file: npm install @lib/a',
    ]);
  });

  test('is refused when it is larger than allowed.', async () => {
    const root = await workspace({
      'c.ts': control('job.keyval({ text });', "import { text } from './text.ts';"),
      'text.ts': `export const text = '${'x'.repeat(100_000)}';`,
    });
    const entryPath = join(root, 'c.ts');
    await expect(bundleControl({ entryPath }, { maxBytes: 50_000 })).rejects.toMatchObject({
      code: 'AT_CONTROL_TOO_LARGE',
      message: expect.stringContaining('c.ts with everything it imports has 0.10 MiB, more than the 0.05 MiB allowed'),
    });
    await expect(bundleControl({ entryPath })).resolves.toMatchObject({ fileName: 'c.ts' });
  });
});

describe('Problems name the place in the right file', () => {
  test.each<[string, Record<string, string>, string[]]>([
    [
      'a missing import',
      { 'c.ts': control('x();', "import { x } from './nowhere.ts';") },
      ['c.ts:2:19: Could not resolve "./nowhere.ts". Check the path: it is relative to this file.'],
    ],
    [
      'a missing export, behind wide characters',
      { 'c.ts': control('job.log(x);', "/* 漢😀 */ import { x } from './x.ts';"), 'x.ts': 'export {};' },
      ['c.ts:2:20: No matching export in "x.ts" for import "x". Correct it.'],
    ],
    [
      'a syntax error in an import',
      { 'c.ts': control('x();', "import { x } from './lib/x.ts';"), 'lib/x.ts': 'export const x = ;' },
      ['lib/x.ts:1:18: Unexpected ";". Correct it.'],
    ],
    [
      'an absolute import',
      { 'c.ts': control('x();', "import { x } from '/etc/x.js';") },
      ["c.ts:2:19: '/etc/x.js' is an absolute import. Use a relative path or the name of a package."],
    ],
    [
      'an import from the network',
      { 'c.ts': control("await import('https://example.org/x.js');") },
      ["c.ts:6:18: 'https://example.org/x.js' is an absolute import. Use a relative path or the name of a package."],
    ],
    [
      'an inner part of Autotest',
      { 'c.ts': control('x();', "import { x } from '@autotest/core/db';") },
      ["c.ts:2:19: '@autotest/core/db' cannot be used here. Import from '@autotest/core'."],
    ],
    [
      'a test that is not there',
      { 'c.ts': control("await job.runTest('./t.js');"), 't.ts': testModule('') },
      ["c.ts:6:23: There is no file './t.js' beside the control file. Did you mean './t.ts'?"],
    ],
    [
      'a test that is a control file',
      { 'c.ts': control("await job.runTest('./d.ts');"), 'd.ts': control('') },
      ["c.ts:6:23: './d.ts' is a control file, not a test. Run it with runClientControl, or import its code."],
    ],
    [
      'bad metadata of two tests',
      {
        'c.ts': control("await job.runTest('./a.ts'); await job.runTest('./b.ts');"),
        'a.ts': testModule('').replace("name: 'sample'", 'name: 1'),
        'b.ts': 'export {};',
      },
      [
        "a.ts:3:35: 'name' must be text. Put it in quotes.",
        'b.ts:1:1: This file has no default export, so it is no test. Write: export default defineTest({ … }).',
      ],
    ],
  ])('for %s.', async (_title, files, problems) => {
    const root = await workspace(files);
    expect(await problemsOf(bundleControl({ entryPath: join(root, 'c.ts') }))).toEqual(problems);
  });

  test('for a control file that is not there.', async () => {
    const root = await workspace({});
    const [problem] = await problemsOf(bundleControl({ entryPath: join(root, 'c.ts') }));
    expect(problem).toContain('c.ts:1:1: There is no such file. Check the path of the control file.');
  });
});

describe('A control file that is only text', () => {
  test('is bundled like any other.', async () => {
    const source = control(
      "await job.runTest('sleep'); throw new TestFail(cpus().length);",
      "import { cpus } from 'os';",
    );
    const pasted = await bundleControl({ fileName: 'c.ts', source });
    const root = await workspace({ 'c.ts': source });
    expect(pasted).toEqual(await bundleControl({ entryPath: join(root, 'c.ts') }));
    expect(pasted.files['control.mjs']).toContain('from "node:os"');
  });

  test.each([
    ['./lib.ts', "The file './lib.ts' cannot be imported"],
    ['../../../../../../etc/hostname', "The file '../../../../../../etc/hostname' cannot be imported"],
    ['/etc/hostname', "'/etc/hostname' is an absolute import."],
    ['file:///etc/hostname', "'file:///etc/hostname' is an absolute import."],
    ['esbuild', "The package 'esbuild' cannot be imported"],
    ['@autotest/core/bundle', "'@autotest/core/bundle' cannot be used here."],
    ['@autotest/core/../../package.json', "'@autotest/core/../../package.json' cannot be used here."],
    ['#internal', "The package '#internal' cannot be imported"],
    ['data:text/javascript,1', 'is an absolute import.'],
  ])('may not import %s.', async (path, message) => {
    for (const statement of [`import ${JSON.stringify(path)};`, `export * from ${JSON.stringify(path)};`]) {
      const problems = await problemsOf(bundleControl({ fileName: 'c.ts', source: control('', statement) }));
      expect(problems).toEqual([expect.stringContaining(message)]);
      expect(problems[0]).toMatch(/^c\.ts:2:\d+: /);
    }
    for (const call of [`require(${JSON.stringify(path)})`, `await import(${JSON.stringify(path)})`]) {
      const problems = await problemsOf(bundleControl({ fileName: 'c.ts', source: control(`${call};`) }));
      expect(problems).toEqual([expect.stringContaining(message)]);
    }
  });

  test('may not name tests by path.', async () => {
    const source = control("await job.runTest('./tests/a.ts');");
    expect(await problemsOf(bundleControl({ fileName: 'c.ts', source }))).toEqual([
      "c.ts:6:23: The file './tests/a.ts' is not there: this control file was given without its directory. Submit the file with the command line, or use a test by its name.",
    ]);
  });

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\tests\\disk.ts', 'disk.ts'],
    ['a\nb*/.ts', '.ts'],
    ['..', 'control.ts'],
    ['', 'control.ts'],
  ])('called %j is stored as %s.', async (fileName, stored) => {
    expect((await bundleControl({ fileName, source: control('') })).fileName).toBe(stored);
  });
});

function sourcesOf(code = ''): string[] {
  const map: { sources: string[] } = JSON.parse(Buffer.from(code.split('base64,')[1] ?? '', 'base64').toString());
  return map.sources;
}

describe('Input made to take for ever', () => {
  // Each level doubles the time that a parser takes which tries again.
  const forBabel = `x = ${'<a>('.repeat(60)}1${')'.repeat(60)};`;
  const forEsbuild = `x = ${'a?(b):c=>'.repeat(60)}d;`;

  test('is given up by the reader of the syntax.', () => {
    expect(() => parseSyntax(forBabel, 'c.ts', 200)).toThrow('c.ts:1:1: This file is nested too deeply to be read.');
  });

  test('is given up by the compiler, and does not harm other bundles.', async () => {
    const good = control('await job.runTest("sleep");');
    const slow = bundleControl({ fileName: 'slow.ts', source: control(forEsbuild) }, { timeout: '500 ms' });
    const others = [
      bundleControl({ fileName: 'c.ts', source: good }),
      bundleControl({ fileName: 'c.ts', source: good }),
    ];
    expect(await problemsOf(slow)).toEqual([expect.stringContaining('takes too long')]);
    const [first, second] = await Promise.all(others);
    expect(first).toEqual(second);
    expect(await bundleControl({ fileName: 'c.ts', source: good })).toEqual(first);
  });
});
