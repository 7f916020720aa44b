import { defineMachine } from './machine.ts';

/**
 * Entry: one job on one host, or on one host still to be chosen.
 *
 * queued      waits for a host                      (holds nothing)
 * preparing   has a host; special tasks make it fit (holds the lease)
 * ready       host is fit; waits for siblings       (holds the lease)
 * starting    autoserv is being started             (holds the lease, has an execution)
 * running     autoserv runs
 * gathering   crash data and left-over results are collected
 * parsing     the rest of the journal is ingested   (lease may be gone from here on)
 * archiving   the results tree goes to its place
 * finished    terminal; `outcome` says how it went
 */
export const entryMachine = defineMachine({
  name: 'entry',
  initial: 'queued',
  states: ['queued', 'preparing', 'ready', 'starting', 'running', 'gathering', 'parsing', 'archiving', 'finished'],
  moves: {
    queued: { assign: 'preparing', launch: 'starting', give_up: 'finished', abort: 'finished' },
    preparing: {
      host_ready: 'ready',
      host_failed: 'queued',
      requeue: 'queued',
      give_up: 'finished',
      abort: 'finished',
    },
    ready: { launch: 'starting', requeue: 'queued', give_up: 'finished', abort: 'finished' },
    starting: { started: 'running', end: 'gathering' },
    running: { end: 'gathering' },
    gathering: { gathered: 'parsing' },
    parsing: { parsed: 'archiving' },
    archiving: { archived: 'finished', retry: 'queued' },
    finished: {},
  },
});

export type EntryState = (typeof entryMachine.states)[number];
export type EntryMove =
  | 'assign'
  | 'launch'
  | 'give_up'
  | 'abort'
  | 'host_ready'
  | 'host_failed'
  | 'started'
  | 'end'
  | 'gathered'
  | 'parsed'
  | 'archived'
  | 'requeue'
  | 'retry';

export const entryOutcomes = ['passed', 'failed', 'error', 'aborted', 'stopped', 'timedOut'] as const;
/**
 * passed: all tests did · failed: a test failed · error: the lab or the infrastructure did, `cause` says what ·
 * aborted: somebody wanted it · stopped: not enough siblings left · timedOut: a limit of the job ran out
 */
export type EntryOutcome = (typeof entryOutcomes)[number];

/** Why an entry did not simply pass or fail. The code is of the error table. */
export interface Cause {
  readonly code: string;
  readonly message: string;
}

const severity: Readonly<Record<EntryOutcome, number>> = {
  passed: 0,
  stopped: 1,
  failed: 2,
  timedOut: 3,
  error: 4,
  aborted: 5,
};

/** Outcome of a job: the worst of its entries. */
export function worstEntryOutcome(outcomes: readonly EntryOutcome[]): EntryOutcome | undefined {
  return outcomes.reduce<EntryOutcome | undefined>(
    (worst, outcome) => (worst === undefined || severity[outcome] > severity[worst] ? outcome : worst),
    undefined,
  );
}

/** The original's words, for scripts that know them (`--classic`). */
export function classicEntryStatus(state: EntryState, outcome: EntryOutcome | undefined): string {
  if (state !== 'finished') return classicStates[state];
  return outcome === undefined ? 'Completed' : classicOutcomes[outcome];
}

const classicStates: Readonly<Record<EntryState, string>> = {
  queued: 'Queued',
  preparing: 'Verifying',
  ready: 'Pending',
  starting: 'Starting',
  running: 'Running',
  gathering: 'Gathering',
  parsing: 'Parsing',
  archiving: 'Archiving',
  finished: 'Completed',
};
const classicOutcomes: Readonly<Record<EntryOutcome, string>> = {
  passed: 'Completed',
  failed: 'Failed',
  error: 'Failed',
  aborted: 'Aborted',
  stopped: 'Stopped',
  timedOut: 'Aborted',
};
