import type { ResultOutcome } from '../results/outcome.ts';

/** Status words of the original Autotest, worst first. */
export const classicStatuses = [
  'TEST_NA',
  'ABORT',
  'ERROR',
  'FAIL',
  'WARN',
  'GOOD',
  'BUG',
  'ALERT',
  'RUNNING',
  'NOSTATUS',
] as const;
export type ClassicStatus = (typeof classicStatuses)[number];

/** First word of a status line. */
export type StatusCode = 'START' | 'INFO' | ClassicStatus | `END ${ClassicStatus}`;

/** What a first word says. */
export type CodeMeaning =
  | { readonly type: 'START' }
  | { readonly type: 'INFO' }
  | { readonly type: 'STATUS'; readonly status: ClassicStatus }
  | { readonly type: 'END'; readonly status: ClassicStatus };

/** Every word a line may begin with. */
export const statusCodes: readonly StatusCode[] = [
  'START',
  'INFO',
  ...classicStatuses,
  ...classicStatuses.map((status) => `END ${status}` as const),
];

const meanings: ReadonlyMap<string, CodeMeaning> = new Map<string, CodeMeaning>([
  ['START', { type: 'START' }],
  ['INFO', { type: 'INFO' }],
  ...classicStatuses.map((status): [string, CodeMeaning] => [status, { type: 'STATUS', status }]),
  ...classicStatuses.map((status): [string, CodeMeaning] => [`END ${status}`, { type: 'END', status }]),
]);

/** Splits a first word into what it does and the status it gives. */
export function meaningOf(code: StatusCode): CodeMeaning {
  return meanings.get(code) ?? { type: 'INFO' };
}

const ranks = new Map<string, number>(classicStatuses.map((status, rank) => [status, rank]));

/** True where `a` is at least as bad as `b` in the original's order (a skipped test is the worst there). */
export function isAtLeastAsBad(a: ClassicStatus, b: ClassicStatus): boolean {
  return rankOf(a) <= rankOf(b);
}

/** The worse of two status words. */
export function worseStatus(a: ClassicStatus, b: ClassicStatus): ClassicStatus {
  return isAtLeastAsBad(a, b) ? a : b;
}

/** What the original calls a failure: FAIL or worse, a skipped test included. */
export function isClassicFailure(status: ClassicStatus): boolean {
  return isAtLeastAsBad(status, 'FAIL');
}

/** Our word for a status word. */
export const outcomeOfStatus: Readonly<Record<ClassicStatus, ResultOutcome>> = {
  TEST_NA: 'skip',
  ABORT: 'abort',
  ERROR: 'error',
  FAIL: 'fail',
  WARN: 'warn',
  GOOD: 'pass',
  BUG: 'fail',
  ALERT: 'warn',
  RUNNING: 'unknown',
  NOSTATUS: 'unknown',
};

/**
 * The status word that a status log says for our outcome. The original records a test that ran out of time as ERROR. An `unknown` is never a pass, so it must not
 * read as one.
 */
export const statusOfOutcome: Readonly<Record<ResultOutcome, ClassicStatus>> = {
  pass: 'GOOD',
  fail: 'FAIL',
  error: 'ERROR',
  warn: 'WARN',
  skip: 'TEST_NA',
  abort: 'ABORT',
  timeout: 'ERROR',
  unknown: 'FAIL',
};

function rankOf(status: ClassicStatus): number {
  return ranks.get(status) ?? classicStatuses.length;
}
