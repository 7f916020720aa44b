import { expect, test } from 'vitest';
import { endOf } from '../../src/executors/slurm/queue.ts';
import { phaseOf } from '../../src/executors/slurm/states.ts';

const job = { id: '7', reason: 'None', node: 'n3', name: 'autotest-1-x' };

test.each([
  ['PENDING', 'waiting'],
  ['CONFIGURING', 'waiting'],
  ['RUNNING', 'running'],
  ['COMPLETING', 'running'],
  ['SUSPENDED', 'running'],
  ['SOMETHING_NEW', 'running'],
  ['COMPLETED', 'over'],
  ['FAILED', 'over'],
  ['NODE_FAIL', 'over'],
  ['TIMEOUT', 'over'],
  ['CANCELLED', 'over'],
  ['OUT_OF_MEMORY', 'over'],
  ['PREEMPTED', 'over'],
])('a Slurm job in state %s is %s', (state, phase) => {
  expect(phaseOf(state)).toBe(phase);
});

test('an end tells job, node, state and reason', () => {
  expect(endOf({ ...job, state: 'TIMEOUT', reason: 'TimeLimit' })).toEqual({
    reason: 'Slurm job 7 on n3 ended TIMEOUT (TimeLimit)',
    wasCut: true,
  });
  expect(endOf({ ...job, state: 'CANCELLED', node: 'n/a' }).reason).toBe('Slurm job 7 ended CANCELLED');
});

test('an exit code of its own is no cut, whatever it is', () => {
  expect(endOf({ ...job, state: 'COMPLETED' }).wasCut).toBe(false);
  expect(endOf({ ...job, state: 'FAILED', reason: 'NonZeroExitCode' }).wasCut).toBe(false);
});
