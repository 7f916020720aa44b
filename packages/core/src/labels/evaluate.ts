import type { LabelCompare, LabelExpression } from './expression.ts';
import { splitLabel } from './label.ts';

/** Labels of a host, made ready for many questions. */
export interface LabelSet {
  readonly labels: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  /** Numeric values by key. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** A compiled expression. */
export type LabelPredicate = (labels: LabelSet) => boolean;

/** Makes a host's labels ready for {@link compileLabels}. Names and keys are compared with case. */
export function prepareLabels(labels: readonly string[]): LabelSet {
  const keys = new Set<string>();
  const numbers = new Map<string, number[]>();
  for (const label of labels) {
    const { key, value } = splitLabel(label);
    if (value === undefined) continue;
    keys.add(key);
    if (!isDecimal(value)) continue;
    const values = numbers.get(key);
    if (values) values.push(Number(value));
    else numbers.set(key, [Number(value)]);
  }
  return { labels: new Set(labels), keys, numbers };
}

function isDecimal(text: string): boolean {
  return /^[+-]?\d+(\.\d+)?$/.test(text);
}

/** Turns an expression into a function, for asking it of many hosts. */
export function compileLabels(expression: LabelExpression): LabelPredicate {
  switch (expression.kind) {
    case 'name':
      return ({ labels }) => labels.has(expression.name);
    case 'value': {
      const label = `${expression.key}:${expression.value}`;
      return ({ labels }) => labels.has(label);
    }
    case 'key':
      return ({ keys }) => keys.has(expression.key);
    case 'compare':
      return compileComparison(expression);
    case 'not': {
      const operand = compileLabels(expression.operand);
      return (labels) => !operand(labels);
    }
    case 'and': {
      const operands = expression.operands.map(compileLabels);
      return (labels) => operands.every((operand) => operand(labels));
    }
    case 'or':
      break;
  }
  const operands = expression.operands.map(compileLabels);
  return (labels) => operands.some((operand) => operand(labels));
}

function compileComparison({ key, operator, number }: LabelCompare): LabelPredicate {
  const holds = comparisons[operator];
  return ({ numbers }) => numbers.get(key)?.some((value) => holds(value, number)) ?? false;
}

const comparisons = {
  '=': (value: number, number: number) => value === number,
  '>': (value: number, number: number) => value > number,
  '>=': (value: number, number: number) => value >= number,
  '<': (value: number, number: number) => value < number,
  '<=': (value: number, number: number) => value <= number,
} as const;

/** Whether a host with these labels fulfils the expression. */
export function evaluateLabels(expression: LabelExpression, labels: readonly string[]): boolean {
  return compileLabels(expression)(prepareLabels(labels));
}
