import { compileLabels, type LabelPredicate, type LabelSet, prepareLabels } from './evaluate.ts';
import type { LabelExpression } from './expression.ts';
import { formatLabelExpression } from './format.ts';

/** A host, as far as this file cares. */
export interface LabelledHost {
  readonly labels: readonly string[];
}

/** A host with what keeps it out. */
export interface NearHost<H extends LabelledHost> {
  readonly host: H;
  /** Conditions it does not fulfil, as text; empty for a host that fulfils the expression. */
  readonly unmet: readonly string[];
}

/**
 * Which conditions keep a host out: parts of the expression, as text, in the order of the expression. Empty when the host
 * fulfils it. An `|` of single conditions counts as one condition; of larger alternatives, the one with the fewest unmet
 * conditions stands for all.
 */
export function explainLabels(expression: LabelExpression, labels: readonly string[]): string[] {
  return [...compileExplanation(expression, false)(prepareLabels(labels))];
}

/** The hosts with the fewest unmet conditions, nearest first, at equal rank in the order given. At most `limit`. */
export function nearestHosts<H extends LabelledHost>(
  expression: LabelExpression,
  hosts: readonly H[],
  limit: number,
): NearHost<H>[] {
  const explain = compileExplanation(expression, false);
  return hosts
    .map((host) => ({ host, unmet: explain(prepareLabels(host.labels)) }))
    .sort((a, b) => a.unmet.length - b.unmet.length)
    .slice(0, limit);
}

type Explanation = (labels: LabelSet) => readonly string[];

/** Pushes `!` inwards, so that `!(a | b)` counts as the two conditions `!a` and `!b`. */
function compileExplanation(expression: LabelExpression, negated: boolean): Explanation {
  if (expression.kind === 'not') return compileExplanation(expression.operand, !negated);
  if (expression.kind !== 'and' && expression.kind !== 'or') return asOneCondition(expression, negated);
  if ((expression.kind === 'and') !== negated) {
    const parts = expression.operands.map((operand) => compileExplanation(operand, negated));
    return (labels) => [...new Set(parts.flatMap((part) => part(labels)))];
  }
  if (expression.operands.every(isSimple)) return asOneCondition(expression, negated);
  const alternatives = expression.operands.map((operand) => compileExplanation(operand, negated));
  return (labels) => alternatives.map((alternative) => alternative(labels)).reduce(shorter);
}

function asOneCondition(expression: LabelExpression, negated: boolean): Explanation {
  const condition: LabelExpression = negated ? { kind: 'not', operand: expression } : expression;
  const holds: LabelPredicate = compileLabels(condition);
  const unmet = [formatLabelExpression(condition)];
  return (labels) => (holds(labels) ? [] : unmet);
}

function isSimple(expression: LabelExpression): boolean {
  if (expression.kind === 'not') return isSimple(expression.operand);
  return expression.kind !== 'and' && expression.kind !== 'or';
}

function shorter(a: readonly string[], b: readonly string[]): readonly string[] {
  return b.length < a.length ? b : a;
}
