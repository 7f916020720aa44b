import { LabelError } from './errors.ts';

/** Longest label, in UTF-16 code units. */
export const maxLabelLength = 255;

/** A label taken apart: `name` or `key:value`. A value may hold further colons. */
export interface LabelParts {
  readonly key: string;
  readonly value?: string;
}

/** Takes a label apart at its first colon. */
export function splitLabel(label: string): LabelParts {
  const colon = label.indexOf(':');
  return colon < 0 ? { key: label } : { key: label.slice(0, colon), value: label.slice(colon + 1) };
}

/** What is wrong with a label, as a sentence with the remedy; undefined for a good one. */
export function labelProblem(label: string): string | undefined {
  if (label === '') return 'it is empty.';
  if (label.length > maxLabelLength) return `it is longer than ${maxLabelLength} characters.`;
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(label)) return 'it holds control characters. Leave them out.';
  if (label !== label.trim()) return 'it starts or ends with a blank. Leave the blank out.';
  const { key, value } = splitLabel(label);
  if (key === '') return 'it has nothing before the colon. Write name or key:value.';
  if (value === '') return 'it has nothing after the colon. Write name or key:value.';
  if (key !== key.trimEnd() || value !== value?.trimStart())
    return 'it has a blank next to the colon. Write key:value.';
  return undefined;
}

/** Whether a text can be the `key` of labels `key:value`. */
export function isLabelKey(text: string): boolean {
  return !text.includes(':') && labelProblem(`${text}:x`) === undefined;
}

/**
 * Checks that a text is a label: `name` or `key:value`.
 *
 * @throws LabelError (`AT_LABEL`)
 */
export function validateLabel(label: string): void {
  const problem = labelProblem(label);
  if (problem !== undefined) throw new LabelError(label, problem);
}
