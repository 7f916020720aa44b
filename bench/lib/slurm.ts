import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestSlurm } from '@autotest/core/testing';

/** ms from submission to the first command of single jobs, one after another. */
export async function slurmLatencies(cluster: TestSlurm, directory: string, runs: number): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < runs; n++) {
    const file = join(directory, `slurm-${n}`);
    const startedAt = Date.now();
    await cluster.run('sbatch', '--parsable', '--output=/dev/null', `--wrap=touch ${file}`);
    while (!existsSync(file)) await delay(2);
    values.push(statSync(file).mtimeMs - startedAt);
    await delay(500);
  }
  return values;
}
