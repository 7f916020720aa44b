import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addLocalHost, showJob } from '../../packages/cli/integration/support/facts.ts';
import { startLab, waitFor } from '../../packages/cli/integration/support/lab.ts';

const run = promisify(execFile);
const example = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

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

  it('of notifications takes what is signed and nothing else', async () => {
    const lab = await startLab({ env: { AUTOTEST_ALLOW_PRIVATE_TARGETS: '1' } });
    await addLocalHost(lab);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const added = await lab.cli('notify', 'add', url, '--outcome', 'failed', '-o', 'json');
    const { secret } = JSON.parse(added.stdout) as { secret: string };
    const child = spawn(process.execPath, [example('notifications/receive.ts')], {
      env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    let printed = '';
    child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
    await waitFor(() => printed.includes('ready'), 'the receiver');
    const control = lab.write({
      'bad.ts': `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'bad', author: 'T <t@example.org>', doc: 'Fails.', type: 'client',
  async run(job) { await job.runCommand('false', ['false']); },
});`,
    });
    expect((await lab.cli('run', control, '--quiet')).exitCode).toBe(1);
    await waitFor(
      () => printed.includes('failed: bad (autotest job rerun 1)\n  false: '),
      'the message',
      () => printed,
    );
    const forged = await fetch(url, { method: 'POST', body: '{}', headers: { 'webhook-id': 'x' } });
    expect(forged.status).toBe(401);
  });
});
