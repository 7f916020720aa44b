import { priorities, priorityRank, type Priority } from '@autotest/core';

/** Name of a stored rank; a rank between two names counts as the lower one. */
export function priorityOf(rank: number): Priority {
  return priorities.findLast((name) => priorityRank[name] <= rank) ?? 'low';
}
