import { defineMachine } from './machine.ts';

/**
 * Execution: one run of autoserv, for the entries of a job or for a special task.
 *
 * created    row, results directory and spec exist
 * starting   the process was started, it has not said hello
 * running    it said hello on its control socket
 * ended      the process is gone; its journal may hold more than the rows
 * ingested   terminal; every record of the journal is in the rows
 */
export const executionMachine = defineMachine({
  name: 'execution',
  initial: 'created',
  states: ['created', 'starting', 'running', 'ended', 'ingested'],
  moves: {
    created: { start: 'starting', end: 'ended' },
    starting: { hello: 'running', end: 'ended' },
    running: { end: 'ended' },
    ended: { ingest: 'ingested' },
    ingested: {},
  },
});

export type ExecutionState = (typeof executionMachine.states)[number];
export type ExecutionMove = 'start' | 'hello' | 'end' | 'ingest';

export const exitClasses = ['clean', 'testFailures', 'infra', 'aborted', 'timedOut', 'lost'] as const;
/** clean: all passed · testFailures · infra: the cause says what · aborted · timedOut: a limit ran out · lost: ended without a last record. */
export type ExitClass = (typeof exitClasses)[number];

export const purposes = ['job', 'verify', 'repair', 'cleanup', 'provision', 'gather'] as const;
/** What an execution is for. `gather` collects what a lost execution left behind, into the same results directory. */
export type Purpose = (typeof purposes)[number];
