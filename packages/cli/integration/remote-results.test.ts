import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFile, tailLog } from '@autotest/graphql/client';
import { findServices, startMariaDb } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addLocalHost, controlOf, finishedJob, showJob } from './support/facts.ts';
import { startLab, waitFor, type Lab } from './support/lab.ts';

const lines = 40;
const path = 'chatter/debug/output.log';
const control = controlOf(
  `await job.runCommand('chatter', ['sh', '-c', 'for i in $(seq ${lines}); do echo line $i; sleep 0.2; done']);`,
);
const wholeText = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join('');

async function startJob(database?: string): Promise<{ lab: Lab; executionId: string }> {
  const lab = await startLab({ elsewhere: true, ...(database !== undefined && { database }) });
  await addLocalHost(lab);
  lab.cliStart('run', lab.write({ 'control.ts': control }), '--host', 'localhost', '--quiet');
  await waitFor(
    async () => (JSON.parse((await lab.cli('job', 'list', '-o', 'json')).stdout) as unknown[]).length > 0,
    'the job to be there',
  );
  const executionId = await waitFor(
    async () => (await showJob(lab)).executions.find(({ purpose }) => purpose === 'job')?.id,
    'the execution to start',
  );
  return { lab, executionId };
}

function get(lab: Lab, file: string, headers: Record<string, string> = {}): Promise<Response> {
  const { token } = JSON.parse(readFileSync(join(lab.dataDir, 'server.json'), 'utf8')) as { token: string };
  return fetch(`${lab.url}/results/${file}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
}

/** All of a log that is followed while it grows; `onFirst` when its first piece is there. */
async function follow(lab: Lab, executionId: string, onFirst: () => Promise<void>): Promise<string> {
  let text = '';
  for await (const chunk of tailLog(lab.api, { executionId, path })) {
    if (text === '' && chunk.text !== '') await onFirst();
    text += chunk.text;
  }
  return text;
}

const databases = findServices().mariadbd ? (['SQLite', 'MariaDB'] as const) : (['SQLite'] as const);

describe('results on the disk of another machine', () => {
  it.for(databases)('are read, listed and followed as if they were here, on %s', async (engine) => {
    let url: string | undefined;
    if (engine === 'MariaDB') {
      const server = await startMariaDb();
      onTestFinished(() => server.stop());
      url = server.newUrl();
    }
    const { lab, executionId } = await startJob(url);
    const states: string[] = [];
    const text = await follow(lab, executionId, async () => void states.push((await showJob(lab)).state));
    expect(states, 'the log is shown while the job runs').not.toContain('finished');
    expect(text).toBe(wholeText);
    expect((await finishedJob(lab)).outcome).toBe('passed');
    expect(existsSync(join(lab.dataDir, 'results')), 'the server has no results of its own').toBe(false);

    const whole = await get(lab, `${executionId}/${path}`);
    expect([whole.status, await whole.text()]).toEqual([200, wholeText]);
    expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const part = await get(lab, `${executionId}/${path}`, { range: 'bytes=5-10' });
    expect([part.status, await part.text()]).toEqual([206, wholeText.slice(5, 11)]);
    expect(part.headers.get('content-range')).toBe(`bytes 5-10/${wholeText.length}`);
    const again = await get(lab, `${executionId}/${path}`, { 'if-none-match': whole.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    expect((await get(lab, `${executionId}/nothing`)).status).toBe(404);
    expect((await get(lab, `${executionId}/..%2f..%2f..%2fautotest.db`)).status).toBe(404);
    expect(await readFile(lab.api, { executionId, path, offset: 7, length: 6 })).toMatchObject({ text: 'line 2' });
    const logs = await lab.cli('job', 'logs', '1');
    expect(logs.exitCode, logs.stderr).toBe(0);
    expect(logs.stdout.length).toBeGreaterThan(0);
  });

  it('cannot be had while their dispatcher is down, which is said, and can again when it is back', async () => {
    const { lab, executionId } = await startJob();
    await finishedJob(lab);
    await lab.dispatcher.end();
    const answer = await get(lab, `${executionId}/${path}`);
    expect(answer.status).toBe(502);
    const message = await answer.text();
    expect(message).toContain('The results are with the dispatcher');
    expect(message).toContain('see whether it runs');
    await expect(readFile(lab.api, { executionId, path })).rejects.toMatchObject({ code: 'AT_RESULTS_UNREACHABLE' });
    await lab.startDispatcher();
    await waitFor(async () => (await get(lab, `${executionId}/${path}`)).ok, 'the results to be there again');
  });

  it('are followed through a dispatcher that is killed and started again, without a byte lost or doubled', async () => {
    const { lab, executionId } = await startJob();
    const text = await follow(lab, executionId, async () => {
      await lab.dispatcher.end('SIGKILL');
      await lab.startDispatcher();
    });
    expect(text).toBe(wholeText);
    expect((await finishedJob(lab)).outcome).toBe('passed');
  });
});
