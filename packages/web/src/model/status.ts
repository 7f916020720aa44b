import { outcomeSeverity } from '@autotest/core';
import type {
  EntryOutcome,
  EntryState,
  HostState,
  JobState,
  ResultOutcome,
  TaskOutcome,
  TaskState,
} from '../generated/graphql.ts';

/** Each icon has a silhouette of its own, so that a state can be told without its colour. */
export type IconName =
  | 'check'
  | 'cross'
  | 'alert'
  | 'warn'
  | 'skip'
  | 'stop'
  | 'clock'
  | 'question'
  | 'running'
  | 'queued'
  | 'busy'
  | 'idle'
  | 'held';
export type Tone = 'good' | 'bad' | 'fault' | 'warn' | 'quiet' | 'stopped' | 'late' | 'active' | 'waiting';

/** How a state is shown. */
export interface Look {
  readonly icon: IconName;
  readonly tone: Tone;
  readonly label: string;
}

const unknownLook: Look = { icon: 'question', tone: 'quiet', label: 'unknown' };
const running: Look = { icon: 'running', tone: 'active', label: 'running' };

const results: Readonly<Record<ResultOutcome, Look>> = {
  pass: { icon: 'check', tone: 'good', label: 'pass' },
  fail: { icon: 'cross', tone: 'bad', label: 'fail' },
  error: { icon: 'alert', tone: 'fault', label: 'error' },
  warn: { icon: 'warn', tone: 'warn', label: 'warn' },
  skip: { icon: 'skip', tone: 'quiet', label: 'skip' },
  abort: { icon: 'stop', tone: 'stopped', label: 'abort' },
  timeout: { icon: 'clock', tone: 'late', label: 'timeout' },
  unknown: unknownLook,
};

const outcomes: Readonly<Record<EntryOutcome, Look>> = {
  passed: { icon: 'check', tone: 'good', label: 'passed' },
  failed: { icon: 'cross', tone: 'bad', label: 'failed' },
  error: { icon: 'alert', tone: 'fault', label: 'error' },
  aborted: { icon: 'stop', tone: 'stopped', label: 'aborted' },
  stopped: { icon: 'stop', tone: 'stopped', label: 'stopped' },
  timedOut: { icon: 'clock', tone: 'late', label: 'timed out' },
};

const entryStates: Readonly<Record<EntryState, Look>> = {
  queued: { icon: 'queued', tone: 'waiting', label: 'queued' },
  preparing: { icon: 'busy', tone: 'active', label: 'preparing' },
  ready: { icon: 'held', tone: 'waiting', label: 'ready' },
  starting: { icon: 'busy', tone: 'active', label: 'starting' },
  running,
  gathering: { icon: 'busy', tone: 'active', label: 'gathering' },
  parsing: { icon: 'busy', tone: 'active', label: 'parsing' },
  archiving: { icon: 'busy', tone: 'active', label: 'archiving' },
  finished: { icon: 'idle', tone: 'quiet', label: 'finished' },
};

const hostStates: Readonly<Record<HostState, Look>> = {
  ready: { icon: 'idle', tone: 'good', label: 'ready' },
  provisioning: { icon: 'busy', tone: 'active', label: 'provisioning' },
  verifying: { icon: 'busy', tone: 'active', label: 'verifying' },
  cleaning: { icon: 'busy', tone: 'active', label: 'cleaning' },
  repairing: { icon: 'busy', tone: 'warn', label: 'repairing' },
  reserved: { icon: 'held', tone: 'waiting', label: 'reserved' },
  running,
  repairFailed: { icon: 'alert', tone: 'fault', label: 'repair failed' },
};

const taskOutcomes: Readonly<Record<TaskOutcome, Look>> = {
  passed: { icon: 'check', tone: 'good', label: 'passed' },
  failed: { icon: 'cross', tone: 'bad', label: 'failed' },
  aborted: { icon: 'stop', tone: 'stopped', label: 'aborted' },
  lost: { icon: 'question', tone: 'fault', label: 'lost' },
};

/** Look of a result node; `null` while it runs. */
export function resultLook(outcome: ResultOutcome | null): Look {
  return outcome === null ? running : (results[outcome] ?? { ...unknownLook, label: outcome });
}

/** Look of an entry: its outcome once it is finished, else its state. */
export function entryLook(entry: { state: EntryState; outcome: EntryOutcome | null }): Look {
  if (entry.state !== 'finished') return entryStates[entry.state] ?? { ...unknownLook, label: entry.state };
  return entry.outcome === null
    ? entryStates.finished
    : (outcomes[entry.outcome] ?? { ...unknownLook, label: entry.outcome });
}

/** Look of a job: its outcome once it is finished, else its state. */
export function jobLook(job: { state: JobState; outcome: EntryOutcome | null }): Look {
  if (job.state === 'finished' && job.outcome !== null) return entryLook({ state: 'finished', outcome: job.outcome });
  if (job.state === 'running') return running;
  if (job.state === 'queued') return entryStates.queued;
  return { ...unknownLook, label: job.state };
}

/** Look of a host's state. */
export function hostLook(state: HostState): Look {
  return hostStates[state] ?? { ...unknownLook, label: state };
}

/** Look of a special task. */
export function taskLook(task: { state: TaskState; outcome: TaskOutcome | null }): Look {
  if (task.state === 'running') return running;
  if (task.state === 'queued') return entryStates.queued;
  return task.outcome === null
    ? entryStates.finished
    : (taskOutcomes[task.outcome] ?? { ...unknownLook, label: task.outcome });
}

/** Larger is worse; what still runs comes between warnings and failures. */
export function resultSeverity(outcome: ResultOutcome | null): number {
  return outcome === null ? 2.5 : (outcomeSeverity[outcome] ?? outcomeSeverity.unknown);
}

/** True for what turns a job red. */
export function isFailedResult(outcome: ResultOutcome | null): boolean {
  return outcome !== null && resultSeverity(outcome) >= outcomeSeverity.unknown;
}
