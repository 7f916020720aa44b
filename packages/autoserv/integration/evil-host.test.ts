import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientControl, Lab } from './support.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

test('odd files among the results stay in the results directory', async () => {
  const body = `
    const out = job.resultsDir;
    fs.mkdirSync(out + '/odd/deep', { recursive: true });
    fs.symlinkSync('/etc/passwd', out + '/odd/link');
    fs.symlinkSync('/etc', out + '/odd/linkdir');
    fs.writeFileSync(out + '/odd/new\\nline', 'n');
    fs.writeFileSync(out + '/odd/-rf \\u0001 ü', 'u');
    fs.writeFileSync(out + '/status.log', 'forged');
    fs.writeFileSync(out + '/execution.json', 'forged');
    fs.writeFileSync(out + '/.autoserv.lock', 'forged');
    fs.writeFileSync(out + '/odd/deep/plain', Buffer.alloc(1000000, 7));
    await job.run(['mkfifo', out + '/odd/fifo']);
  `;
  const run = await lab.run({ files: { 'control.ts': clientControl(body, `import * as fs from 'node:fs';`) } });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  const entries = readdirSync(run.resultsDir, { recursive: true, withFileTypes: true });
  expect(entries.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
  expect(entries.map(({ name }) => name).filter((name) => name.includes('\n') || name.includes('\u0001'))).toEqual([]);
  expect(lstatSync(join(run.resultsDir, 'odd/deep/plain')).size).toBe(1_000_000);
  expect(JSON.parse(run.read('execution.json'))).toMatchObject({ version: 1 });
  expect(run.read('client.here.status.log')).toBe('forged');
  const problems = run
    .of('problem')
    .map(({ message }) => message)
    .join('\n');
  expect(problems).toContain('odd/link');
  expect(problems).toContain('odd/fifo');
  expect(existsSync(join(run.resultsDir, 'odd/link'))).toBe(false);
});

test('a results tree that grows without end is cut, and the journal still comes whole', async () => {
  const body = `
    for (let n = 0; n < 8; n++) fs.writeFileSync(job.resultsDir + '/big' + n, Buffer.alloc(1000000));
    await job.step('wait', () => new Promise((r) => setTimeout(r, 300, 1)));
    for (let n = 0; n < 20; n++) job.record('pass', 'n' + n);
  `;
  const run = await lab.run({
    files: { 'control.ts': clientControl(body, `import * as fs from 'node:fs';`) },
    limits: { maxResultsBytes: 3_000_000 },
  });
  await run.ended;
  const size = readdirSync(run.resultsDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.startsWith('big'))
    .reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0);
  expect(size).toBeLessThanOrEqual(3_000_000);
  expect(run.of('node.result')).toHaveLength(20);
  expect(
    run
      .of('problem')
      .map(({ message }) => message)
      .join('\n'),
  ).toContain('larger than');
});

test('a control file that prints 200 MB in one line does no harm', async () => {
  const body = `await job.runCommand('noise', ['sh', '-c', 'head -c 200000000 /dev/zero | tr "\\\\0" x']);`;
  const run = await lab.run({ files: { 'control.ts': clientControl(body) } });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().node('noise')?.outcome).toBe('pass');
});

test('process.exit in a control file leaves a journal with an end', async () => {
  const run = await lab.run({ files: { 'control.ts': clientControl(`process.exit(0);`) } });
  expect((await run.ended).exitCode, run.log()).not.toBe(0);
  expect(run.of('end')).toHaveLength(1);
  expect(run.of('end')[0]?.exitClass).not.toBe('clean');
});
