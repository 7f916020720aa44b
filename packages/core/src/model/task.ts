import { defineMachine } from './machine.ts';

/** Special task: verify, repair, cleanup or provision of one host, for an entry or on its own. */
export const taskMachine = defineMachine({
  name: 'special task',
  initial: 'queued',
  states: ['queued', 'running', 'finished'],
  moves: { queued: { start: 'running', cancel: 'finished' }, running: { end: 'finished' }, finished: {} },
});

export type TaskState = (typeof taskMachine.states)[number];
export type TaskMove = 'start' | 'cancel' | 'end';

export const taskKinds = ['verify', 'repair', 'cleanup', 'provision'] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskOutcomes = ['passed', 'failed', 'aborted', 'lost'] as const;
export type TaskOutcome = (typeof taskOutcomes)[number];
