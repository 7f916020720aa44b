import { expect, test } from 'vitest';
import yargs from 'yargs';
import { executionOf, executionOptions } from '../src/commands/execution-options.ts';

async function parse(...words: string[]) {
  const cli = executionOptions(yargs(words))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    });
  return executionOf(await cli.parseAsync());
}

test('what is not asked for is left to the dispatcher', async () => {
  expect(await parse()).toEqual({ executor: 'local', slurm: {} });
});

test('executions go to Slurm as it is asked for', async () => {
  const words = '--executor slurm --slurm-partition tests --slurm-option=--qos=low --slurm-option=--exclusive';
  expect(await parse(...words.split(' '), '--max-starts-per-second', '2.5', '--warm', '0')).toEqual({
    executor: 'slurm',
    warm: { max: 0 },
    maxStartsPerSecond: 2.5,
    slurm: { partition: 'tests', options: ['--qos=low', '--exclusive'] },
  });
});

test.each([
  [['--executor', 'pbs'], /pbs/],
  [['--warm', '-1'], /--warm is a number from 0 on/],
  [['--warm', 'many'], /--warm is a number from 0 on/],
  [['--max-starts-per-second', '0'], /above 0/],
])('%s is refused', async (words, message) => {
  await expect(parse(...words)).rejects.toThrow(message);
});
