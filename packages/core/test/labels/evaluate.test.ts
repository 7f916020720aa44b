import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateLabels } from '../../src/labels/evaluate.ts';
import { explainLabels, nearestHosts } from '../../src/labels/explain.ts';
import { labelProblem, validateLabel } from '../../src/labels/label.ts';
import { parseLabelExpression } from '../../src/labels/parse.ts';
import { expressions, labelLists } from './arbitrary.ts';

const host = ['arch:x86_64', 'nic:10g', 'nic:25g', 'cores:64', 'rack:r2', 'fast', 'mem:0.5'];

test.each([
  ['arch:x86_64', true],
  ['arch:arm64', false],
  ['arch', false],
  ['fast', true],
  ['Fast', false],
  ['arch:*', true],
  ['fast:*', false],
  ['arch:x86_64 & !flaky & (nic:10g | nic:100g)', true],
  ['nic:10g & nic:25g', true],
  ['!nic:25g', false],
  ['cores>=64', true],
  ['cores>64', false],
  ['cores=64.0', true],
  ['mem<1 & mem>0', true],
  ['rack>=1', false],
  ['missing<1', false],
  ['constructor | __proto__:*', false],
])('%s is %s for the host.', (text, expected) => {
  expect(evaluateLabels(parseLabelExpression(text), host)).toBe(expected);
});

describe('Explaining', () => {
  test.each([
    ['arch:x86_64 & fast', []],
    ['arch:arm64 & fast & slow', ['arch:arm64', 'slow']],
    ['nic:40g | nic:100g', ['nic:40g | nic:100g']],
    ['(nic:40g | nic:100g) & cores>128', ['nic:40g | nic:100g', 'cores>128']],
    ['!fast & !arch:*', ['!fast', '!arch:*']],
    ['!(fast | slow)', ['!fast']],
    ['!(fast & arch:*)', ['!(fast & arch:*)']],
    ['a & b & c | fast & slow', ['slow']],
    ['a & a', ['a']],
  ])('%s names what keeps the host out.', (text, expected) => {
    expect(explainLabels(parseLabelExpression(text), host)).toEqual(expected);
  });

  test('gives nothing for exactly the hosts that fulfil the expression.', () => {
    fc.assert(
      fc.property(expressions, labelLists, (expression, labels) => {
        expect(explainLabels(expression, labels).length === 0).toBe(evaluateLabels(expression, labels));
      }),
      { numRuns: 500 },
    );
  });

  test('finds the hosts that nearly match, in the given order where they are equal.', () => {
    const hosts = [
      { name: 'far', labels: [] },
      { name: 'near', labels: ['a', 'b'] },
      { name: 'also near', labels: ['b', 'c'] },
    ];
    const nearest = nearestHosts(parseLabelExpression('a & b & c'), hosts, 2);
    expect(nearest.map(({ host: { name }, unmet }) => [name, unmet])).toEqual([
      ['near', ['c']],
      ['also near', ['a']],
    ]);
  });
});

describe('A label', () => {
  test.each(['a', 'arch:x86_64', 'mac:00:11:22', 'two words', 'key:a b', '__proto__', 'é:漢'])(
    'may be %j.',
    (label) => {
      expect(labelProblem(label)).toBeUndefined();
    },
  );

  test.each(['', ' a', 'a ', ':', 'a:', ':a', 'a: b', 'a :b', 'a\nb', 'a\u2028b', 'x'.repeat(256)])(
    'may not be %j.',
    (label) => {
      expect(() => validateLabel(label)).toThrow(expect.objectContaining({ code: 'AT_LABEL' }));
    },
  );
});
