import { describe, expect, test } from 'vitest';
import type { ParamSchema } from '../../src/control/metadata.ts';
import { moduleKey, modulesSeenFrom } from '../../src/control/module-key.ts';
import { checkParams, coerceParams } from '../../src/control/params.ts';

const schema: ParamSchema = {
  size: { type: 'number', default: 64, min: 1, max: 100 },
  name: { type: 'string', pattern: '[a-z]+', default: 'disk' },
  fast: { type: 'boolean', default: false },
  mode: { type: 'choice', choices: ['read', 'write'], default: 'read' },
  wait: { type: 'duration', default: '5 minutes', max: 600_000 },
  files: { type: 'list', default: [], max: 2 },
  ports: { type: 'list', items: 'number', default: [] },
};

describe('Checking arguments', () => {
  test('fills in defaults.', () => {
    const { params, problems } = checkParams(schema, { size: 8 });
    expect(problems).toEqual([]);
    expect({ ...params }).toEqual({
      size: 8,
      name: 'disk',
      fast: false,
      mode: 'read',
      wait: '5 minutes',
      files: [],
      ports: [],
    });
  });

  test.each([
    [{ size: '8' }, "Parameter 'size' is '8'. Give a number."],
    [{ size: 0 }, "Parameter 'size' is 0, less than its minimum 1. Give at least 1."],
    [{ size: 101 }, "Parameter 'size' is 101, more than its maximum 100. Give at most 100."],
    [{ name: 'Disk' }, "Parameter 'name' is 'Disk', which does not match [a-z]+."],
    [{ name: 'disk 1' }, "Parameter 'name' is 'disk 1', which does not match [a-z]+."],
    [{ fast: 1 }, "Parameter 'fast' is 1. Give true or false."],
    [{ mode: 'wrte' }, "Parameter 'mode' is 'wrte', which is not among its choices. Did you mean 'write'?"],
    [{ wait: 'soon' }, "Parameter 'wait' is not a duration."],
    [{ wait: '11 minutes' }, "Parameter 'wait' in milliseconds is 660000, more than its maximum 600000."],
    [{ files: 'a' }, "Parameter 'files' is 'a'. Give a list."],
    [{ files: ['a', 1] }, "Parameter 'files' has the item 1. Its items are strings."],
    [{ files: ['a', 'b', 'c'] }, "Parameter 'files' has a length of 3, more than its maximum 2."],
    [{ ports: ['80'] }, "Parameter 'ports' has the item '80'. Its items are numbers."],
    [{ sise: 1 }, "There is no parameter 'sise'. Did you mean 'size'?"],
    [{ name: null }, "Parameter 'name' is null. Give text."],
  ])('refuses %j.', (args, message) => {
    const { problems } = checkParams(schema, args);
    expect(problems.map((problem) => `${problem.message} ${problem.remedy}`.trim())).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test('asks for arguments without default.', () => {
    const { problems } = checkParams({ a: { type: 'number', doc: 'how many' } }, {});
    expect(problems).toEqual([
      { name: 'a', message: "Parameter 'a' is missing.", remedy: 'Give a number (how many).' },
    ]);
  });

  test('takes hostile names for what they are.', () => {
    const hostile = JSON.parse('{"__proto__":1,"constructor":2}');
    expect(checkParams(undefined, hostile).problems.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    const odd: ParamSchema = JSON.parse('{"valueOf":{"type":"string"}}');
    expect(checkParams(odd, {}).problems).toHaveLength(1);
  });

  test('gives durations as text.', () => {
    expect(checkParams(schema, { wait: 1500 }).params.wait).toBe('1500 ms');
  });
});

describe('Arguments of a command line', () => {
  test.each([
    [{ size: '8.5' }, { size: 8.5 }],
    [{ fast: 'yes' }, { fast: true }],
    [{ fast: '0' }, { fast: false }],
    [{ files: 'a, b' }, { files: ['a', 'b'] }],
    [{ files: '' }, { files: [] }],
    [{ files: '["a,b"]' }, { files: ['a,b'] }],
    [{ ports: '80,443' }, { ports: [80, 443] }],
    [
      { wait: '5 s', name: '12', mode: 'read', other: 'x' },
      { wait: '5 s', name: '12', mode: 'read', other: 'x' },
    ],
  ])('%j become %j.', (texts, args) => {
    const result = coerceParams(schema, texts);
    expect([{ ...result.args }, result.problems]).toEqual([args, []]);
  });

  test.each<Record<string, string>>([
    { size: '8 MB' },
    { size: '' },
    { size: '0x10' },
    { fast: 'maybe' },
    { ports: '80,http' },
    { files: '[1' },
  ])('%j is refused.', (texts) => {
    expect(coerceParams(schema, texts).problems).toHaveLength(1);
  });
});

test.each([
  ['./tests/a.ts', '', 'tests/a.ts'],
  ['././tests//x/../a.ts', '', 'tests/a.ts'],
  ['../a.ts', '', '../a.ts'],
  ['../../a.ts', '', '../../a.ts'],
  ['./a.ts', 'sub/control.ts', 'sub/a.ts'],
  ['../a.ts', 'sub/control.ts', 'a.ts'],
  ['sleep', '', undefined],
  ['/etc/a.ts', '', undefined],
])('The module key of %s in %j is %s.', (path, controlKey, key) => {
  expect(moduleKey(path, controlKey)).toBe(key);
});

test('A client control file in a bundle finds modules by paths relative to itself.', () => {
  const modules: Record<string, string> = {
    'sub/client.ts': '1',
    'sub/t.ts': '2',
    't.ts': '3',
    '../up.ts': '4',
    'sub/deep/t.ts': '5',
  };
  const seen = modulesSeenFrom(modules, 'sub/client.ts');
  for (const path of ['./t.ts', '../t.ts', '../../up.ts', './deep/t.ts']) {
    const key = moduleKey(path, 'sub/client.ts') ?? '';
    expect(seen[moduleKey(path) ?? '']).toBe(modules[key]);
  }
  expect(Object.keys(seen)).toEqual(['client.ts', 't.ts', '../t.ts', '../../up.ts', 'deep/t.ts']);
});
