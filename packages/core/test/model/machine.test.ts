import {
  entryMachine,
  executionMachine,
  hostMachine,
  isTerminal,
  jobStateOf,
  nextState,
  taskMachine,
  worstEntryOutcome,
  type StateMachine,
} from '@autotest/core';
import { describe, expect, it } from 'vitest';

const machines: StateMachine[] = [entryMachine, executionMachine, hostMachine, taskMachine];

describe.each(machines.map((machine) => [machine.name, machine] as const))('the states of a %s', (_, machine) => {
  it('lead only to states of the table', () => {
    for (const state of machine.states)
      for (const to of Object.values(machine.moves[state] ?? {})) expect(machine.states).toContain(to);
  });

  it('can all be reached from the initial one', () => {
    const reached = new Set([machine.initial]);
    for (const state of reached)
      for (const to of Object.values(machine.moves[state] ?? {})) if (to !== undefined) reached.add(to);
    expect([...reached].sort()).toEqual([...machine.states].sort());
  });
});

describe('a move', () => {
  it('that the table does not hold is refused with what is possible', () => {
    expect(() => nextState(entryMachine, 'queued', 'parsed')).toThrow(
      /entry in state queued cannot parsed; it can assign, launch, give_up, abort/,
    );
  });

  it('never leaves a final state', () => {
    expect(isTerminal(entryMachine, 'finished')).toBe(true);
    expect(() => nextState(entryMachine, 'finished', 'assign')).toThrow(/final/);
  });
});

describe('a job', () => {
  it('is queued until an entry moves, and finished when all are', () => {
    expect(jobStateOf(['queued', 'queued'])).toBe('queued');
    expect(jobStateOf(['queued', 'preparing'])).toBe('running');
    expect(jobStateOf(['finished', 'queued'])).toBe('running');
    expect(jobStateOf(['finished', 'finished'])).toBe('finished');
  });

  it('went as badly as its worst entry', () => {
    expect(worstEntryOutcome(['passed', 'failed', 'passed'])).toBe('failed');
    expect(worstEntryOutcome(['stopped', 'error'])).toBe('error');
    expect(worstEntryOutcome([])).toBeUndefined();
  });
});
