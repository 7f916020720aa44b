/** How one node of a result tree went. */
export const resultOutcomes = ['pass', 'fail', 'error', 'warn', 'skip', 'abort', 'timeout', 'unknown'] as const;
export type ResultOutcome = (typeof resultOutcomes)[number];

/** Which way is better, for a metric. */
export const metricDirections = ['higher', 'lower', 'none'] as const;
export type MetricDirection = (typeof metricDirections)[number];

/** One measured number. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  /** UCUM-like symbol (`MB/s`, `ms`, `1`); empty where the number has none. */
  readonly unit: string;
  readonly direction: MetricDirection;
}

/** Larger is worse. A skip is never a failure, an `unknown` is never a pass. */
export const outcomeSeverity: Readonly<Record<ResultOutcome, number>> = {
  abort: 7,
  error: 6,
  timeout: 5,
  fail: 4,
  unknown: 3,
  warn: 2,
  pass: 1,
  skip: 0,
};

/** The worse of two outcomes: what a parent shows of its children. */
export function worseOutcome(a: ResultOutcome, b: ResultOutcome): ResultOutcome {
  return outcomeSeverity[b] > outcomeSeverity[a] ? b : a;
}

/** Worst of many; `skip` when all were skipped, `undefined` of none. */
export function worstOutcome(outcomes: Iterable<ResultOutcome>): ResultOutcome | undefined {
  let worst: ResultOutcome | undefined;
  for (const outcome of outcomes) worst = worst === undefined ? outcome : worseOutcome(worst, outcome);
  return worst;
}

/** True for what must turn a job red. */
export function isFailure(outcome: ResultOutcome): boolean {
  return outcomeSeverity[outcome] >= outcomeSeverity.unknown;
}
