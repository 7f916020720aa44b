import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addLocalHost, showJob } from '../../packages/cli/integration/support/facts.ts';
import { startLab } from '../../packages/cli/integration/support/lab.ts';

const run = promisify(execFile);
const example = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** hello and two-hosts on real hosts: packages/cli/integration/three-hosts.test.ts. */
describe('an example', () => {
  it('of analysis prints spread and failures of what was run', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    await lab.cli('run', example('hello/control.ts'), '--param', 'seconds=0');
    const { token } = JSON.parse(readFileSync(`${lab.dataDir}/server.json`, 'utf8')) as { token: string };
    const { stdout } = await run(process.execPath, [example('analysis/metrics-and-failures.ts')], {
      env: { ...process.env, AUTOTEST_SERVER: lab.url, AUTOTEST_TOKEN: token },
    });
    expect(stdout).toMatch(/^1 jobs, \d+ results/);
    expect(stdout).toMatch(/benchmarks\/cpu sha256.*3.*MB\/s/);
  });

  it('of embedding runs a job inside another program and annotates its results', async () => {
    const { stdout } = await run(process.execPath, [example('embedding/embed.ts'), example('hello/control.ts')], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toContain('::notice title=benchmarks/disk::pass');
    expect(stdout).toMatch(/Job 1: passed/);
  });

  it('of a server job between two hosts on one machine runs', async () => {
    const lab = await startLab();
    await addLocalHost(lab, 'one');
    await addLocalHost(lab, 'two');
    const { exitCode, stdout, stderr } = await lab.cli(
      'run',
      example('two-hosts/control.ts'),
      '--host',
      'one',
      '--host',
      'two',
    );
    expect(exitCode, stdout + stderr).toBe(0);
    expect((await showJob(lab)).results.map(({ path }) => path)).toContain('clocks');
  });
});
