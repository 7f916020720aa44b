import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** How many labs; at least two processes share them. */
const seeds = Number(process.env.AUTOTEST_SIMULATED_SEEDS ?? 2000);
const processes = 2;

it(
  'the dispatcher keeps all its promises in thousands of labs in which everything goes wrong',
  async () => {
    const each = Math.ceil(seeds / processes);
    const runs = await Promise.all(Array.from({ length: processes }, (_, index) => checkSeeds(1 + index * each, each)));
    for (const { output, exitCode } of runs) {
      if (exitCode !== 0) console.log(output);
      expect(exitCode).toBe(0);
      const [, count, least] = /(\d+) seeds, \d+ events, (\d+) or more each, 0 failed/.exec(output) ?? [];
      expect(Number(count)).toBe(each);
      expect(Number(least)).toBeGreaterThanOrEqual(200);
    }
  },
  30 * 60_000,
);

function checkSeeds(first: number, count: number): Promise<{ output: string; exitCode: number | null }> {
  const program = fileURLToPath(new URL('../../../cli/bin/autotest.js', import.meta.url));
  const child = spawn(process.execPath, [program, 'simulate', '--check', `${count}`, '--seed', `${first}`]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  return new Promise((resolve) => {
    child.on('close', (exitCode) => resolve({ output, exitCode }));
  });
}
