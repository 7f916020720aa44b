import { AutotestError } from '@autotest/core';
import { describe, expect, it } from 'vitest';
import { exitCodeOfJob } from '../src/exit-codes.ts';
import { exitCodeOfError } from '../src/failure.ts';
import { main } from '../src/main.ts';

describe('the exit code', () => {
  it.each([
    ['passed', { total: 3, skip: 1 }, 0],
    ['passed', { total: 2, skip: 2 }, 4],
    ['passed', { total: 0, skip: 0 }, 4],
    ['failed', { total: 3, skip: 0 }, 1],
    ['error', { total: 3, skip: 0 }, 2],
    ['aborted', { total: 3, skip: 0 }, 3],
    ['timedOut', { total: 3, skip: 0 }, 3],
  ])('of a job that %s with %o is %i', (outcome, counts, expected) => {
    expect(exitCodeOfJob(outcome, counts)).toBe(expected);
  });

  it.each([
    ['AT_USAGE', 64],
    ['AT_CONTROL_INVALID', 64],
    ['AT_SERVER_UNREACHABLE', 69],
    ['FORBIDDEN', 77],
    ['AT_ANYTHING_ELSE', 2],
  ])('of an error %s is %i', (code, expected) => {
    expect(exitCodeOfError(new AutotestError(code, 'x'))).toBe(expected);
  });

  it.each([[['nonsense']], [['job']], [['host', 'add']], [['run']], [['run', 'x.ts', '--nonsense']]])(
    'of the misused command %j is 64',
    async (argv) => {
      expect(await main(argv)).toBe(64);
    },
  );
});
