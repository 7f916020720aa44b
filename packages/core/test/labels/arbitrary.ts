import * as fc from 'fast-check';
import type { LabelExpression } from '../../src/labels/expression.ts';
import { labelProblem } from '../../src/labels/label.ts';

const odd = ['a', 'b:', '*', ' ', '"', "'", '\\', '&', '(', 'é', '漢', '😀', '>=', ',', '-', '__proto__'];
const text = fc.oneof(
  fc.stringMatching(/^[a-z0-9._-]{1,6}$/),
  fc.array(fc.constantFrom(...odd)).map((parts) => parts.join('')),
);
const name = text.filter((value) => !value.includes(':') && labelProblem(value) === undefined);
const value = text.filter((candidate) => labelProblem(`k:${candidate}`) === undefined);

/** Expressions as the parser makes them: no `and` directly in `and`, no `or` directly in `or`. */
export const expressions: fc.Arbitrary<LabelExpression> = fc.letrec<{ node: LabelExpression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.record({ kind: fc.constant('name' as const), name }),
    fc.record({ kind: fc.constant('value' as const), key: name, value }),
    fc.record({ kind: fc.constant('key' as const), key: name }),
    fc.record({
      kind: fc.constant('compare' as const),
      key: name,
      operator: fc.constantFrom('=' as const, '>' as const, '>=' as const, '<' as const, '<=' as const),
      number: fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    }),
    fc.record({ kind: fc.constant('not' as const), operand: tie('node') }),
    chain('and', tie('node')),
    chain('or', tie('node')),
  ),
})).node;

function chain(kind: 'and' | 'or', node: fc.Arbitrary<LabelExpression>): fc.Arbitrary<LabelExpression> {
  return fc
    .array(node, { minLength: 2, maxLength: 4 })
    .map((nodes) => ({ kind, operands: nodes.flatMap((each) => (each.kind === kind ? each.operands : each)) }));
}

export const labelLists = fc.array(
  fc.oneof(
    name,
    fc.tuple(name, value).map(([key, part]) => `${key}:${part}`),
  ),
  { maxLength: 6 },
);
