import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog, type ExecutionSpec } from '@autotest/core';
import type { Database, ExecutionRow } from '@autotest/core/db';
import { makeTestDatabase } from '@autotest/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileOptions, type Settings } from '../src/options.ts';
import type { AutoservProcess } from '../src/executors/executor.ts';
import { startAutoserv } from '../src/executors/local/fresh.ts';
import { Supervision, type SupervisionStore } from '../src/supervise/supervision.ts';

// What a dispatcher finds that died in the middle of starting autoserv: a row in state `created`, and a process in any state.

const autoservPath = fileURLToPath(new URL('fixtures/fake-autoserv.mjs', import.meta.url));

let directory: string;
let database: Database;
let settings: Settings;
let execution: ExecutionRow;
let started: AutoservProcess[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'adoption-'));
  database = await makeTestDatabase();
  settings = compileOptions({ database, dataDir: directory, dispatcherId: 'd1', autoservPath, log: silentLog });
  started = [];
  const row = await database.scheduling.write((w) =>
    w.addExecution({
      purpose: 'job',
      attempt: 1,
      epoch: 1,
      tag: '1-anna/h1',
      resultsDir: join(directory, 'results', 'h1'),
      socketPath: join(directory, 's'),
      dispatcherId: 'd1',
    }),
  );
  if (!row) throw new Error('the execution was not made');
  execution = row;
});

afterEach(async () => {
  for (const process of started) process.kill('SIGKILL');
  await database.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

function gate(): string {
  return join(directory, 'gate');
}

function prepare(): void {
  mkdirSync(execution.resultsDir, { recursive: true });
  const { id, tag, resultsDir, socketPath } = execution;
  const spec: ExecutionSpec = {
    version: 1,
    executionId: id,
    tag,
    purpose: 'job',
    attempt: 1,
    epoch: 1,
    resultsDir,
    socketPath,
    job: {
      id: 1,
      name: 'j',
      owner: 'anna',
      controlType: 'client',
      bundleDir: directory,
      bundleHash: 'sha256:x',
      entry: 'control.mjs',
      modules: {},
      params: { gate: gate() },
      keyvals: {},
    },
    hosts: [],
    limits: { reconnectMs: 1000, maxResultsBytes: 1e6 },
  };
  writeFileSync(join(resultsDir, 'execution.json'), JSON.stringify(spec));
}

/** Starts autoserv as a dispatcher does that dies before it writes that down. */
async function startUnrecorded(): Promise<AutoservProcess> {
  prepare();
  const process = await startAutoserv(settings, execution.resultsDir);
  started.push(process);
  return process;
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !look(); n++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!look()) throw new Error(`${what} did not come about`);
}

function starts(): string[] {
  return readFileSync(join(execution.resultsDir, 'starts.log'), 'utf8').split('\n').filter(Boolean);
}

function supervise(): { supervision: Supervision; pids: number[] } {
  const pids: number[] = [];
  const store: SupervisionStore = {
    prepare: async () => prepare(),
    started: async (pid) => ({ ...execution, state: 'starting', pid }),
    greeted: async (pid) => {
      pids.push(pid);
      return { ...execution, state: 'running', pid };
    },
  };
  return { supervision: new Supervision({ ...settings, isMember: () => true }, execution, execution, store), pids };
}

test('a process that was never started is started', async () => {
  writeFileSync(gate(), '');
  expect(await supervise().supervision.run()).toEqual({ exitClass: 'clean', needsGather: false });
  expect(starts()).toHaveLength(1);
});

test('a process that runs is found and not started again', async () => {
  const first = await startUnrecorded();
  await until('the journal', () => existsSync(join(execution.resultsDir, 'journal.ndjson')));
  const { supervision, pids } = supervise();
  const end = supervision.run();
  await until('its greeting', () => pids.length > 0);
  expect(pids).toEqual([first.pid]);
  writeFileSync(gate(), '');
  expect(await end).toEqual({ exitClass: 'clean', needsGather: false });
  expect(starts()).toEqual([`job ${first.pid}`]);
});

test('of a process that has only just been started and a second one, one goes on', async () => {
  await startUnrecorded();
  const { supervision, pids } = supervise();
  const end = supervision.run();
  await until('a greeting', () => pids.length > 0);
  writeFileSync(gate(), '');
  expect(await end).toEqual({ exitClass: 'clean', needsGather: false });
  expect(starts()).toEqual([`job ${pids[0]}`]);
});

test('a process that has ended is not started again', async () => {
  writeFileSync(gate(), '');
  const first = await startUnrecorded();
  await first.gone;
  expect(await supervise().supervision.run()).toEqual({ exitClass: 'clean', needsGather: false });
  expect(starts()).toHaveLength(1);
  expect((await database.jobs.executionById(execution.id))?.journalSeq).toBeGreaterThan(2);
});

test('a process that was killed is not started again, and what it left has to be gathered', async () => {
  const first = await startUnrecorded();
  await until('the journal', () => existsSync(join(execution.resultsDir, 'journal.ndjson')));
  first.kill('SIGKILL');
  await first.gone;
  expect(await supervise().supervision.run()).toMatchObject({
    exitClass: 'lost',
    cause: { code: 'AT_AUTOSERV_LOST' },
    needsGather: true,
  });
  expect(starts()).toHaveLength(1);
});

test('a row that names the second of two processes leads to the first one', async () => {
  const first = await startUnrecorded();
  await until('the journal', () => existsSync(join(execution.resultsDir, 'journal.ndjson')));
  execution = { ...execution, state: 'starting', pid: 4_000_000, pidStartTicks: '1' };
  const { supervision, pids } = supervise();
  const end = supervision.run();
  await until('its greeting', () => pids.length > 0);
  expect(pids).toEqual([first.pid]);
  writeFileSync(gate(), '');
  expect(await end).toMatchObject({ exitClass: 'clean' });
});

test('a pid that belongs to another process by now is not taken for autoserv', async () => {
  const first = await startUnrecorded();
  await until('the journal', () => existsSync(join(execution.resultsDir, 'journal.ndjson')));
  first.kill('SIGKILL');
  await first.gone;
  appendFileSync(join(execution.resultsDir, 'journal.ndjson'), '{"half');
  execution = { ...execution, state: 'running', pid: process.pid, pidStartTicks: '1' };
  expect(await supervise().supervision.run()).toMatchObject({ exitClass: 'lost', needsGather: true });
});

test('an execution that is aborted before its process starts does not start', async () => {
  const { supervision } = supervise();
  supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
  expect(await supervision.run()).toMatchObject({
    exitClass: 'aborted',
    cause: { message: 'anna aborted it: oops' },
    needsGather: false,
  });
  expect(existsSync(execution.resultsDir)).toBe(false);
});
