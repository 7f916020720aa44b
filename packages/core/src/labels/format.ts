import type { LabelExpression } from './expression.ts';

const precedence = { or: 1, and: 2, not: 3, name: 4, value: 4, key: 4, compare: 4 } as const;

/** The expression as text, with as few parentheses as possible. `parseLabelExpression` gives the same expression back. */
export function formatLabelExpression(expression: LabelExpression): string {
  switch (expression.kind) {
    case 'name':
      return word(expression.name);
    case 'value':
      return `${word(expression.key)}:${valueText(expression.value)}`;
    case 'key':
      return `${word(expression.key)}:*`;
    case 'compare':
      return `${word(expression.key)}${expression.operator}${expression.number}`;
    case 'not':
      return `!${inside(expression.operand, precedence.not)}`;
    case 'and':
      return expression.operands.map((operand) => inside(operand, precedence.and)).join(' & ');
    case 'or':
      break;
  }
  return expression.operands.map((operand) => inside(operand, precedence.or)).join(' | ');
}

function inside(operand: LabelExpression, outer: number): string {
  const text = formatLabelExpression(operand);
  return precedence[operand.kind] < outer ? `(${text})` : text;
}

function valueText(value: string): string {
  return value.split(':').every(isBare) ? value : word(value);
}

function isBare(text: string): boolean {
  return /^[^\s!&|()<>=:,;"'`\\*\p{Cc}\p{Cs}]+$/u.test(text);
}

function word(text: string): string {
  if (isBare(text)) return text;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
