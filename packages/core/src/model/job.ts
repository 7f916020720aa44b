import type { EntryState } from './entry.ts';

export const jobStates = ['queued', 'running', 'finished', 'template'] as const;
/** Derived from the entries: queued until one runs, finished when all are. */
export type JobState = (typeof jobStates)[number];

export const priorities = ['low', 'medium', 'high', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

/** As stored: a larger number goes first. */
export const priorityRank: Readonly<Record<Priority, number>> = { low: 0, medium: 10, high: 20, urgent: 30 };

export const rebootPolicies = {
  before: ['never', 'ifDirty', 'always'],
  after: ['never', 'ifFailed', 'always'],
} as const;
export type RebootBefore = (typeof rebootPolicies.before)[number];
export type RebootAfter = (typeof rebootPolicies.after)[number];

/** When the owner of a job keeps its hosts afterwards, to look at them. */
export const reservePolicies = ['never', 'failure', 'always'] as const;
export type ReserveOn = (typeof reservePolicies)[number];

/** How a job has to end that another one waits for. */
export const dependencyConditions = ['finished', 'passed'] as const;
export type DependencyCondition = (typeof dependencyConditions)[number];

/** State of a job whose entries are in these states. */
export function jobStateOf(states: readonly EntryState[]): JobState {
  if (states.length > 0 && states.every((state) => state === 'finished')) return 'finished';
  return states.every((state) => state === 'queued') ? 'queued' : 'running';
}

/** Name of a job's results directory: `<id>-<owner>`. */
export function jobTag(job: { id: number; owner: string }): string {
  return `${job.id}-${job.owner}`;
}
