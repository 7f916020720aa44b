import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { missingService } from '@autotest/core/testing';
import { describe, expect, it } from 'vitest';
import {
  addLocalHost,
  addSshHost,
  addSshHosts,
  controlOf,
  finishedJob,
  hostReady,
  ownResults,
  resultFile,
  resultsDir,
  showJob,
} from './support/facts.ts';
import { startLab } from './support/lab.ts';

const sleepOnce = controlOf(`await job.runTest('sleep', { seconds: 0 });`);

describe('a submission is refused clearly', () => {
  it('for a syntax error, with file, line and column', async () => {
    const lab = await startLab({ dispatcher: false });
    const file = lab.write({ 'broken.ts': sleepOnce.replace('async run(job) {', 'async run(job) }{') });
    for (const command of [
      ['validate', file],
      ['run', file],
    ]) {
      const { exitCode, stderr } = await lab.cli(...command);
      expect(exitCode).toBe(64);
      expect(stderr).toMatch(/broken\.ts:4:\d+: /);
    }
    expect((await lab.cli('job', 'list', '-o', 'json')).stdout.trim()).toBe('[]');
  });

  it('for metadata that is not literal, with the remedy', async () => {
    const lab = await startLab({ dispatcher: false });
    const { exitCode, stderr } = await lab.cli(
      'validate',
      lab.write({ 'c.ts': sleepOnce.replace("name: 'sample'", 'name: process.env.HOME') }),
    );
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/c\.ts:3:\d+: This must be a literal/);
  });

  it('for unknown and ill-typed parameters', async () => {
    const lab = await startLab({ dispatcher: false });
    const file = lab.write({ 'c.ts': controlOf('', `params: { sizeMb: { type: 'number', default: 1, min: 1 } },`) });
    const unknown = await lab.cli('run', file, '--param', 'sizeMB=3');
    expect(unknown.exitCode).toBe(64);
    expect(unknown.stderr).toContain("no parameter 'sizeMB'");
    expect(unknown.stderr).toContain('sizeMb');
    const ill = await lab.cli('run', file, '--param', 'sizeMb=many');
    expect(ill.exitCode).toBe(64);
    expect(ill.stderr).toMatch(/sizeMb.*number/);
  });

  it('for a label expression that no host can fulfil, with the hosts that nearly match', async () => {
    const lab = await startLab({ dispatcher: false });
    await lab.cli('host', 'add', 'near', '--transport', 'local', '--label', 'arch:x86_64');
    await lab.cli('host', 'add', 'far', '--transport', 'local');
    const { exitCode, stderr } = await lab.cli('run', lab.write({ 'c.ts': sleepOnce }), '--needs', 'arch:x86_64 & gpu');
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/near: lacks gpu/);
    const bad = await lab.cli('run', lab.write({ 'c.ts': sleepOnce }), '--needs', 'arch: & (');
    expect(bad.exitCode).toBe(64);
    expect(bad.stderr).toMatch(/\^/);
  });

  it('for a host that does not exist, and for a server that is not there', async () => {
    const lab = await startLab({ dispatcher: false });
    await addLocalHost(lab);
    const file = lab.write({ 'c.ts': sleepOnce });
    const noHost = await lab.cli('run', file, '--host', 'nowhere');
    expect(noHost.exitCode).toBe(64);
    expect(noHost.stderr).toContain('nowhere');
    const noServer = await lab.cli('job', 'list', '--server', 'http://127.0.0.1:1');
    expect(noServer.exitCode).toBe(69);
    expect(noServer.stderr).toContain('http://127.0.0.1:1');
  });

  it('for malformed GraphQL, with status 400 and no stack', async () => {
    const lab = await startLab({ dispatcher: false });
    const { token } = JSON.parse(readFileSync(`${lab.dataDir}/server.json`, 'utf8')) as { token: string };
    const post = (body: string, authorization?: string) =>
      fetch(`${lab.url}/graphql`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      });
    const bearer = `Bearer ${token}`;
    for (const body of [
      '{',
      '[]',
      '{"query":"{"}',
      '{"query":"{ nonsense }"}',
      '{"query":"{ jobs(first: \\"x\\") { edges { cursor } } }"}',
    ]) {
      const response = await post(body, bearer);
      const text = await response.text();
      expect(response.status, text).toBe(400);
      expect(text).not.toMatch(/\.(js|ts):\d+|node_modules/);
    }
    expect((await post('{"query":"{ me { login } }"}')).status).toBe(401);
    expect((await post('{"query":"{ me { login } }"}', 'Bearer wrong')).status).toBe(401);
    expect((await post('{"query":"{ me { login } }"}', bearer)).status).toBe(200);
    const made = (await lab.cli('token', 'create', 'a script')).stdout.trim();
    expect((await post('{"query":"{ me { login } }"}', `Bearer ${made}`)).status).toBe(200);
  });
});

describe.skipIf(missingService('sshd'))('a host', () => {
  it('whose key is not the pinned one is not trusted: both fingerprints are named and it is set aside', async () => {
    const lab = await startLab();
    const [host] = await addSshHosts(lab, 1);
    if (!host) throw new Error('no host');
    await host.stop();
    await host.start({ newKey: true });
    const { exitCode, stdout } = await lab.cli('run', lab.write({ 'c.ts': sleepOnce }), '--host', host.name);
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`autotest host key accept ${host.name} `);
    expect(stdout.match(/SHA256:[A-Za-z0-9+/]{43}/g)?.length).toBeGreaterThanOrEqual(2);
    const [, key = ''] = /autotest host key accept \S+ '([^']+)' --replace/.exec(stdout) ?? [];
    expect(key).toBe(host.hostKey);
    const accepted = await lab.cli('host', 'key', 'accept', host.name, key, '--replace');
    expect(accepted.exitCode, accepted.stderr).toBe(0);
    const listed = await lab.cli('host', 'key', 'list', host.name);
    const [fingerprint = ''] = /SHA256:\S+/.exec(listed.stdout) ?? [];
    expect(stdout).toContain(`shows the key ssh-ed25519 ${fingerprint}`);
    const again = await lab.cli('run', lab.write({ 'c.ts': sleepOnce }), '--host', host.name, '--timeout', '90 s');
    expect(again.exitCode, again.stdout).toBe(0);
    expect((await lab.cli('host', 'key', 'forget', host.name, 'SHA256:none')).exitCode).not.toBe(0);
    expect((await lab.cli('host', 'key', 'forget', host.name, fingerprint)).exitCode).toBe(0);
    expect((await lab.cli('host', 'key', 'list', host.name)).stdout).not.toContain('SHA256:');
  });

  it('that does not answer is named with address, port and remedy', async () => {
    const lab = await startLab();
    const [host] = await addSshHosts(lab, 1);
    if (!host) throw new Error('no host');
    const { address, user, keyFile, hostKey } = host;
    await addSshHost(lab, { name: 'closed', address, port: 1, user, keyFile, hostKey }, [
      '--attribute',
      'repair-wait=2 s',
    ]);
    const { exitCode, stdout } = await lab.cli('run', lab.write({ 'c.ts': sleepOnce }), '--host', 'closed');
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`${host.address}:1`);
    expect(stdout).toMatch(/refused/);
  });
});

describe('hostile output', () => {
  it(
    'of a 200 MB line and of binary data does not hurt the job, and is kept within bounds',
    { timeout: 180_000 },
    async () => {
      const lab = await startLab();
      await addLocalHost(lab);
      const control = controlOf(`
    await job.runCommand('long line', ['sh', '-c', 'head -c 200000000 /dev/zero | tr "\\\\0" x; echo; echo end']);
    await job.runCommand('binary', ['head', '-c', '1000000', '/dev/urandom']);
    await job.runCommand('binary tap', ['sh', '-c', 'head -c 100000 /dev/urandom; echo; echo 1..1; echo ok 1'], { format: 'tap' });
    await job.runTest('sleep', { seconds: 0 });`);
      const run = await lab.cli('run', lab.write({ 'c.ts': control }));
      const job = await showJob(lab);
      const outcomes = Object.fromEntries(ownResults(job));
      expect(outcomes).toMatchObject({ 'long line': 'pass', binary: 'pass', sleep: 'pass' });
      expect(outcomes['binary tap'], 'never a silent pass').toBeDefined();
      expect([0, 1]).toContain(run.exitCode);
      const output = `${resultsDir(lab, job)}/long_line/debug/output.log`;
      expect(statSync(output).size).toBeLessThanOrEqual(200_000_100);
      const text = (await lab.cli('job', 'logs', '1')).stdout;
      expect(text).toContain('sleep');
    },
  );

  it('of file names with newlines and ../ stays inside the results directory', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    const control = controlOf(`
    await job.runTest('./tests/names.ts');
    await job.runTest('sleep', { seconds: 0 }, { tag: '../../escape\\nhere' });`);
    const names = `import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { defineTest } from '@autotest/core';
export default defineTest({ name: 'names', async runOnce(t) {
  writeFileSync(t.outputDir + '/new\\nline', 'a');
  writeFileSync(t.outputDir + '/..hidden', 'b');
  mkdirSync(t.outputDir + '/-rf');
  symlinkSync('/etc/passwd', t.outputDir + '/link');
  symlinkSync('../../../..', t.outputDir + '/up');
} });`;
    const file = lab.write({ 'c.ts': control, 'tests/names.ts': names });
    await lab.cli('run', file);
    const job = await finishedJob(lab);
    expect(job.outcome).toBe('passed');
    const directory = resultsDir(lab, job);
    expect(ownResults(job).map(([path]) => path)).toEqual(['names', 'sleep...%2F..%2Fescape%0Ahere']);
    const entries = readdirSync(`${directory}/names`, { withFileTypes: true });
    expect(entries.filter((entry) => entry.isSymbolicLink())).toEqual([]);
    expect(readdirSync(`${directory}/..`).sort()).toEqual(['localhost']);
    expect(existsSync(`${directory}/../../escape`)).toBe(false);
    expect(resultFile(lab, job, 'journal.ndjson')).toMatch(/"kind":"problem"/);
    await hostReady(lab, 'localhost');
  });
});
