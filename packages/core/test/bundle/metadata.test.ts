import { describe, expect, test } from 'vitest';
import { ControlFileError } from '../../src/bundle/errors.ts';
import { readControlMetadata, readTestMetadata } from '../../src/bundle/metadata.ts';

const header = "import { defineControl, defineTest } from '@autotest/core';\n";
const required = "name: 'n', author: 'a', doc: 'd', type: 'client', run() {}";

test('A full control file gives all of its metadata, and its code is not run.', () => {
  const source = `${header}
    throw new Error('must not run');
    export default (defineControl<{}, 'server'>({
      name: 'disk-smoke',
      author: "Kernel QA",
      doc: \`Writes
and reads.\`,
      type: 'server' as const,
      time: ('short'),
      'category': 'functional', class: 'kernel',
      needs: 'arch:x86_64 & !flaky',
      syncCount: 2, verify: false, experimental: true, retries: 3,
      onUnexpectedReboot: 'retry',
      params: {
        sizeMb: { type: 'number', default: -64, min: -100, max: 1_000, doc: 'size' },
        mode: { type: 'choice', choices: ['a', 'b'], default: 'b' },
        files: { type: 'list', items: 'string', default: [] },
        wait: { type: 'duration', default: '5 minutes' },
      } satisfies object,
      async run(job, params) { await job.runTest('sleep'); },
    })) satisfies unknown;`;
  expect(readControlMetadata(source, 'disk.ts')).toEqual({
    name: 'disk-smoke',
    author: 'Kernel QA',
    doc: 'Writes\nand reads.',
    type: 'server',
    time: 'short',
    category: 'functional',
    class: 'kernel',
    needs: 'arch:x86_64 & !flaky',
    syncCount: 2,
    verify: false,
    experimental: true,
    retries: 3,
    params: {
      sizeMb: { type: 'number', default: -64, min: -100, max: 1000, doc: 'size' },
      mode: { type: 'choice', choices: ['a', 'b'], default: 'b' },
      files: { type: 'list', items: 'string', default: [] },
      wait: { type: 'duration', default: '5 minutes' },
    },
  });
});

test.each([
  [`import { defineControl as control } from '@autotest/core'; export default control({ ${required} });`],
  [`import * as at from '@autotest/core'; export default at.defineControl({ ${required} });`],
  [`${header} const it = defineControl({ ${required} }); export default it;`],
  [
    `${header} const main = async () => {}; export default defineControl({ ${required.replace('run() {}', 'run: main')} });`,
  ],
])('The definition is found in %s', (source) => {
  expect(readControlMetadata(source, 'c.ts')).toEqual({ name: 'n', author: 'a', doc: 'd', type: 'client' });
});

test('A test module gives its metadata without its phases.', () => {
  const source = `${header} export default defineTest({
    name: 'scratch', version: 2, params: { sizeMb: { type: 'number', default: 64 } },
    async setup(t) {}, runOnce: async (t, p) => {}, cleanup() {},
  });`;
  expect(readTestMetadata(source, 't.ts')).toEqual({
    name: 'scratch',
    version: 2,
    params: { sizeMb: { type: 'number', default: 64 } },
  });
});

describe('Refused with file, line, column and remedy is', () => {
  test.each([
    [
      'name: pick()',
      'c.ts:3:9: This must be a literal, not a call. Write the value itself here: it is read without running the file.',
    ],
    ['name: `a${x}`', 'c.ts:3:9: This must be a literal, not a template with expressions.'],
    ["name: 'a' + 'b'", 'c.ts:3:9: This must be a literal, not a computed expression.'],
    ['name: undefined', 'c.ts:3:9: This must be a literal, not undefined.'],
    ['name: /x/', 'c.ts:3:9: This must be a literal, not a regular expression.'],
    ['name', "c.ts:3:3: 'name' must be a literal, not a variable."],
    ['name() {}', "c.ts:3:3: 'name' must be a literal, not a function."],
    ["['name']: 'x'", 'c.ts:3:3: The name of this property is computed. Write the name itself.'],
    ['...rest', 'c.ts:3:3: A spread cannot stand here.'],
    ['name: 7', "c.ts:3:9: 'name' must be text. Put it in quotes."],
    ["name: ' '", "c.ts:3:9: 'name' is empty."],
    ["nmae: 'x'", "c.ts:3:3: There is no field 'nmae'. Did you mean 'name'?"],
    ['__proto__: { a: 1 }', "c.ts:3:3: There is no field '__proto__'."],
    ["type: 'clinet'", "c.ts:3:9: 'type' has a value that is not among its choices. Write one of 'client', 'server'."],
    ['syncCount: 1.5', "c.ts:3:14: 'syncCount' must be a whole number. Write a number from 1 to 10000."],
    ["verify: 'no'", "c.ts:3:11: 'verify' must be true or false."],
    ["needs: 'a && b'", "c.ts:3:13: Bad label expression in 'needs': '&&' is not an operator. Write a single &."],
    ["needs: 'a \\u0026& b'", "c.ts:3:10: Bad label expression in 'needs'"],
    ['params: []', "c.ts:3:11: 'params' must be an object."],
    ["params: { 'a b': { type: 'string' } }", "c.ts:3:13: 'a b' cannot be the name of a parameter."],
    ["params: { __proto__: { type: 'string' } }", "c.ts:3:13: '__proto__' cannot be the name of a property."],
    ["params: { a: { type: 'strin' } }", "c.ts:3:24: Parameter 'a' has no known type. Give it a type: number, string,"],
    [
      "params: { a: { type: 'number', mni: 1 } }",
      "c.ts:3:34: Parameter 'a' of type number has no property 'mni'. Did you mean 'min'?",
    ],
    [
      "params: { a: { type: 'number', default: '1' } }",
      "c.ts:3:43: The default of parameter 'a' is '1'. Give a number.",
    ],
    ["params: { a: { type: 'number', min: 2, max: 1 } }", "c.ts:3:16: Parameter 'a' has a minimum above its maximum."],
    ["params: { a: { type: 'choice' } }", "c.ts:3:16: Parameter 'a' has no choices."],
    ["params: { a: { type: 'choice', choices: ['x', 'x'] } }", "c.ts:3:43: 'choices' of parameter 'a' is wrong."],
    ["params: { a: { type: 'string', pattern: '(' } }", "c.ts:3:43: 'pattern' of parameter 'a' is wrong."],
    ["params: { a: { type: 'list', default: [1, , 2] } }", 'c.ts:3:41: Here is a gap.'],
    ["params: { a: { type: 'string' }, a: { type: 'string' } }", "c.ts:3:36: 'a' stands here twice."],
    ["params: { a: { type: 'number', default: 1e999 } }", 'c.ts:3:43: This number is too large.'],
  ])('%s', (field, message) => {
    const name = field.split(/\W/)[0] ?? '';
    const others = required.split(', ').filter((other) => !other.startsWith(`${name}:`));
    const source = `${header}export default defineControl({\n  ${field},\n  ${others.join(',\n  ')},\n});`;
    expect(
      errorOf(source)
        .message.split('\n')
        .find((line) => line.includes('c.ts:3:')),
    ).toContain(message);
  });

  test('all that is wrong, in the order of the file.', () => {
    const { code, problems } = errorOf(
      `${header}export default defineControl({\n  type: 'x',\n  time: 'y',\n  extra: 1,\n});`,
    );
    expect(code).toBe('AT_CONTROL_INVALID');
    expect(problems.map(({ line, message }) => `${line} ${message.split(' ').slice(0, 4).join(' ')}`)).toEqual([
      "2 The field 'name' is",
      "2 The field 'author' is",
      "2 The field 'doc' is",
      "2 The function 'run' is",
      "3 'type' has a value",
      "4 'time' has a value",
      '5 There is no field',
    ]);
  });

  test.each([
    [
      '',
      'c.ts:1:1: This file has no default export, so it is no control file. Write: export default defineControl({ … }).',
    ],
    ['export default 1;', 'c.ts:1:16: The default export is not a call of defineControl.'],
    ['export default function run() {}', 'c.ts:1:16: The default export is not a call of defineControl.'],
    [
      `${header}export default defineControl(options);`,
      'c.ts:2:30: The argument of defineControl is not an object literal.',
    ],
    [
      `${header}export default defineTest({ name: 'x', runOnce() {} });`,
      'c.ts:2:16: This is a call of defineTest, but a control file is wanted here.',
    ],
    [
      `export default defineControl({ ${required} });`,
      "c.ts:1:16: defineControl is not imported. Add: import { defineControl } from '@autotest/core';",
    ],
    ['const a = ;\nlet b; let b;', 'c.ts:1:11: Unexpected token. Correct the syntax.'],
    ['let b; let b; export default 1', "c.ts:1:12: Identifier 'b' has already been declared. Correct the syntax."],
    ['('.repeat(100_000), 'c.ts:1:1: This file is nested too deeply to be read.'],
  ])('the file %#.', (source, message) => {
    expect(errorOf(source).message).toContain(message);
  });

  test('a hostile pattern, without trying it for long.', () => {
    const source = `${header}export default defineControl({ ${required},
      params: { a: { type: 'string', pattern: '(a+)+b', default: '${'a'.repeat(60)}' } } });`;
    expect(errorOf(source).message).toContain('does not match');
  });
});

function errorOf(source: string): ControlFileError {
  try {
    readControlMetadata(source, 'c.ts');
  } catch (error) {
    if (error instanceof ControlFileError) return error;
    throw error;
  }
  throw new Error('The file was taken');
}

test('a control file says what it wishes of retries, idle time and hosts that are alike', () => {
  const wishes = "retries: 2, infraRetries: 0, idleTimeout: '10 minutes', sameValueOf: 'rack'";
  const source = `${header} export default defineControl({ ${required}, ${wishes} });`;
  expect(readControlMetadata(source, 'c.ts')).toMatchObject({
    retries: 2,
    infraRetries: 0,
    idleTimeout: '10 minutes',
    sameValueOf: 'rack',
  });
});

test.each([
  ['retries: 11', /'retries' must be a whole number.*0 to 10/],
  ['infraRetries: 1.5', /'infraRetries' must be a whole number/],
  ["idleTimeout: 'soon'", /'idleTimeout' is no duration/],
  ['idleTimeout: true', /'idleTimeout' is no duration/],
  ["sameValueOf: 'rack:7'", /'sameValueOf' must be the key of a label/],
])('a control file with %s is told what is wrong', (field, message) => {
  const { message: told } = errorOf(`${header} export default defineControl({ ${required}, ${field} });`);
  expect(told.replaceAll('\n', ' ')).toMatch(message);
});
