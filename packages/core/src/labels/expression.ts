/**
 * A parsed label expression. Invariants, which the parser keeps and the printer relies on: `and` and `or` have at least two
 * operands and none of their own kind among them; keys hold no colon; names hold no colon.
 */
export type LabelExpression = LabelCondition | LabelNot | LabelAnd | LabelOr;

/** What is asked of single labels. */
export type LabelCondition = LabelName | LabelValue | LabelKey | LabelCompare;

/** `name`: the host carries exactly this label. */
export interface LabelName {
  readonly kind: 'name';
  readonly name: string;
}

/** `key:value`: the host carries exactly this label. */
export interface LabelValue {
  readonly kind: 'value';
  readonly key: string;
  readonly value: string;
}

/** `key:*`: the host carries the key with any value. */
export interface LabelKey {
  readonly kind: 'key';
  readonly key: string;
}

export type LabelOperator = '=' | '>' | '>=' | '<' | '<=';

/** `key>=16`: the host carries the key with a number for which this holds. */
export interface LabelCompare {
  readonly kind: 'compare';
  readonly key: string;
  readonly operator: LabelOperator;
  readonly number: number;
}

export interface LabelNot {
  readonly kind: 'not';
  readonly operand: LabelExpression;
}

export interface LabelAnd {
  readonly kind: 'and';
  readonly operands: readonly LabelExpression[];
}

export interface LabelOr {
  readonly kind: 'or';
  readonly operands: readonly LabelExpression[];
}

/** Longest text of an expression, in UTF-16 code units. */
export const maxLabelExpressionLength = 4096;
/** Deepest nesting of parentheses and `!`. */
export const maxLabelExpressionDepth = 64;
