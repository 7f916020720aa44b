import { exitClasses, type ExitClass } from '@autotest/core';
import { describe, expect, it } from 'vitest';
import { outcomeOf, taskAfterJob } from '../../src/run/after-job.ts';
import { jobRow } from '../support/sketch.ts';

it('each way in which an execution ends has one outcome', () => {
  expect(Object.fromEntries(exitClasses.map((exitClass) => [exitClass, outcomeOf(exitClass)]))).toEqual({
    clean: 'passed',
    testFailures: 'failed',
    infra: 'error',
    aborted: 'aborted',
    timedOut: 'timedOut',
    lost: 'error',
  });
});

describe('what a host needs after a job', () => {
  const cases: [rebootAfter: 'never' | 'ifFailed' | 'always', exitClass: ExitClass, task: string | undefined][] = [
    ['never', 'clean', undefined],
    ['never', 'testFailures', undefined],
    ['never', 'aborted', undefined],
    ['never', 'infra', 'verify'],
    ['never', 'lost', 'verify'],
    ['ifFailed', 'clean', undefined],
    ['ifFailed', 'testFailures', 'cleanup'],
    ['ifFailed', 'lost', 'cleanup'],
    ['always', 'clean', 'cleanup'],
    ['always', 'aborted', 'cleanup'],
  ];
  it.each(cases)('reboot %s, ended %s: %s', (rebootAfter, exitClass, task) => {
    expect(taskAfterJob(jobRow(1, { rebootAfter }), exitClass)).toBe(task);
  });
});
