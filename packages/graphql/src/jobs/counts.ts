import type { ResultCountRow } from '@autotest/core/db';
import { ResultCountsType } from '../results/result.type.ts';

export function sumCounts(rows: readonly ResultCountRow[]): ResultCountsType {
  const counts = new ResultCountsType();
  for (const { outcome, count } of rows) {
    counts[outcome ?? 'running'] += count;
    counts.total += count;
  }
  return counts;
}
