import type { Change } from '@autotest/core/db';

/** What the dispatcher decides. */
export type DecisionKind = 'assign' | 'start' | 'startTask' | 'newTask' | 'end' | 'yield' | 'wait';

/** `lostRace`: somebody was faster · `fenced`: another process has this dispatcher's id · `failed`: an error, tried again later. */
export type DecisionOutcome = 'applied' | 'lostRace' | 'fenced' | 'failed';

/** What was decided with a change. Reports of what happened by itself, such as the end of an execution, are no decisions. */
export function decisionsIn(change: Change): Map<DecisionKind, number> {
  const counts = new Map<DecisionKind, number>();
  const count = (decision: DecisionKind): void => void counts.set(decision, (counts.get(decision) ?? 0) + 1);
  for (const { before, after } of change.entries.values()) {
    const waits = before.state === 'queued' || before.state === 'preparing' || before.state === 'ready';
    if (!waits) continue;
    if (after.state === 'preparing' && before.state === 'queued') count('assign');
    if (after.state === 'finished') count('end');
    if (after.state === 'queued' && before.state !== 'queued') count('yield');
  }
  for (const { purpose } of change.newExecutions) if (purpose === 'job') count('start');
  for (const { before, after } of change.tasks.values())
    if (before.state === 'queued' && after.state === 'running') count('startTask');
  for (const _task of change.newTasks) count('newTask');
  return counts;
}
