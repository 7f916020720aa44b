import type { CountsFragment, ResultOutcome } from '../generated/graphql.ts';
import { resultLook, type Look } from './status.ts';

export type Counts = CountsFragment;

const order = ['fail', 'error', 'timeout', 'abort', 'unknown', 'warn', 'running', 'pass', 'skip'] as const;

/** One kind of result and how many there are. */
export interface CountPart {
  readonly key: (typeof order)[number];
  readonly look: Look;
  readonly count: number;
}

/** What is there, what needs attention first. */
export function countParts(counts: Counts): CountPart[] {
  return order
    .filter((key) => counts[key] > 0)
    .map((key) => ({ key, look: resultLook(key === 'running' ? null : key), count: counts[key] }));
}

/** Counts of outcomes; `null` is what still runs. */
export function countOutcomes(outcomes: Iterable<ResultOutcome | null>): Counts {
  const counts = {
    total: 0,
    pass: 0,
    fail: 0,
    error: 0,
    warn: 0,
    skip: 0,
    abort: 0,
    timeout: 0,
    unknown: 0,
    running: 0,
  };
  for (const outcome of outcomes) {
    counts.total += 1;
    counts[outcome ?? 'running'] += 1;
  }
  return counts;
}
