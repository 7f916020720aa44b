import { fileURLToPath } from 'node:url';
import { missingService, startMariaDb } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addSshHosts, showJob } from './support/facts.ts';
import { startLab } from './support/lab.ts';

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}/control.ts`, import.meta.url));

describe.skipIf(missingService('sshd') ?? missingService('mariadbd'))('three OpenSSH hosts and MariaDB', () => {
  it('carry out hello on each host and a server job on two of them', async () => {
    const mariadb = await startMariaDb();
    onTestFinished(() => mariadb.stop());
    const lab = await startLab({ database: mariadb.newUrl() });
    const hosts = await addSshHosts(lab, 3);

    const hello = await lab.cli(
      'run',
      example('hello'),
      ...hosts.flatMap(({ name }) => ['--host', name]),
      '--param',
      'seconds=0',
    );
    expect(hello.exitCode, hello.stdout + hello.stderr).toBe(0);
    const job = await showJob(lab, '1');
    expect(job.entries.map((entry) => [entry.host?.name, entry.outcome])).toEqual(
      hosts.map(({ name }) => [name, 'passed']),
    );
    expect(job.results.filter((result) => result.path === 'benchmarks/disk')).toHaveLength(3);

    const [first, second] = hosts;
    const server = await lab.cli(
      'run',
      example('two-hosts'),
      '--host',
      first?.name ?? '',
      '--host',
      second?.name ?? '',
    );
    expect(server.exitCode, server.stdout + server.stderr).toBe(0);
    const both = await showJob(lab, '2');
    expect(both.outcome).toBe('passed');
    expect(new Set(both.entries.map((entry) => entry.startedAt)).size, 'both start together').toBe(1);
    expect(both.results.map((result) => result.path)).toEqual(expect.arrayContaining(['clocks', 'copy']));
    expect(both.results.filter((result) => result.path.endsWith('sleep'))).toHaveLength(2);
  });
});
