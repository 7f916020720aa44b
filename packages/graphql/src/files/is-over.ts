import type { ExecutionRow } from '@autotest/core/db';

/** Whether the files of an execution change no more. */
export function isOver({ state }: Pick<ExecutionRow, 'state'>): boolean {
  return state === 'ingested';
}
