import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSameProcess } from '@autotest/core/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExecutionBench } from './bench.ts';

let bench: ExecutionBench;
beforeEach(async () => {
  bench = await ExecutionBench.open({ warm: { min: 0, max: 0 } });
});
afterEach(() => bench.close());

/** Processes of this test that wait for a spec, or are about to. */
function waiting(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, 'cmdline').endsWith('--warm\0') && read(pid, 'environ').includes(bench.dir))
    .map(Number);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** The pid of the next one that has come to wait. */
async function nextOne(): Promise<number> {
  const line = await bench.until('one that waits', () => {
    const index = bench.log.findIndex((text) => text.includes('waits for an execution'));
    return index === -1 ? undefined : bench.log.splice(index, 1)[0];
  });
  return Number(/pid=(\d+)/.exec(line)?.[1]);
}

const one = { warm: { min: 1, max: 1 } };

describe.each([
  ['a fresh autoserv', { warm: { min: 0, max: 0 } }],
  ['an autoserv that was started ahead', one],
])('%s', (_name, options) => {
  test('carries an execution out, in a process group of its own, with its output in the results', async () => {
    const settings = bench.settings(options);
    settings.executors.open();
    const ready = options.warm.max > 0 ? await nextOne() : undefined;
    const gate = bench.gate();
    const execution = await bench.execution(`console.log('said by the control file'); await ${gate.wait};`);
    const watched = bench.watch(settings, execution);
    await bench.untilRunning(execution);
    const pid = watched.row().pid ?? 0;
    if (ready !== undefined) expect(pid).toBe(ready);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(execution.resultsDir);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(2, 4)).toEqual([
      `${pid}`,
      `${pid}`,
    ]);
    const streams = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const log = join(execution.resultsDir, 'debug', 'autoserv.log');
    expect(streams).toEqual(['/dev/null', log, log]);
    await bench.until('its greeting', () => watched.row().state === 'running');
    gate.open();
    expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(bench.read(execution, 'debug/autoserv.log')).toMatch(/said by the control file[^]*ended: clean/);
  });

  test('goes on when its dispatcher is killed, and the next one finds it', async () => {
    const gate = bench.gate();
    const execution = await bench.execution(`await ${gate.wait};`);
    const dispatcher = bench.startOne(execution, options);
    let output = '';
    dispatcher.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await bench.untilRunning(execution);
    const { pid, startTicks } = await bench.until('the pid', () => {
      const line = output.split('\n').find((text) => text.includes('pid'));
      return line === undefined ? undefined : (JSON.parse(line) as { pid: number; startTicks: string });
    });
    await bench.kill(dispatcher);
    expect(isSameProcess(pid, startTicks)).toBe(true);
    const watched = bench.watch(bench.settings(), execution);
    gate.open();
    expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(bench.records(execution).filter(({ kind }) => kind === 'boot')).toMatchObject([{ pid }]);
    await bench.until('the end of those that wait', () => waiting().length === 0);
  });
});

test('a process is used once, so no code of a job meets that of another one', async () => {
  const settings = bench.settings(one);
  settings.executors.open();
  const pids: number[] = [];
  for (let n = 0; n < 3; n++) {
    const ready = await nextOne();
    const execution = await bench.execution(
      `if (globalThis.seen) throw new Error('seen before'); globalThis.seen = true; job.keyval({ pid: process.pid });`,
    );
    const watched = bench.watch(settings, execution);
    expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(watched.row().pid).toBe(ready);
    pids.push(ready);
  }
  expect(new Set(pids).size).toBe(3);
});

test('one that is killed while it waits is replaced, and no execution is lost to it', async () => {
  const settings = bench.settings(one);
  settings.executors.open();
  const victim = await nextOne();
  process.kill(victim, 'SIGKILL');
  const execution = await bench.execution('');
  expect(await bench.watch(settings, execution).end).toEqual({ exitClass: 'clean', needsGather: false });
  expect(await nextOne()).not.toBe(victim);
});

test('one that hangs is ended, and a fresh one carries the execution out', async () => {
  const settings = bench.settings(one);
  settings.executors.open();
  const deaf = await nextOne();
  process.kill(deaf, 'SIGSTOP');
  const execution = await bench.execution('');
  const watched = bench.watch(settings, execution);
  expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
  expect(watched.row().pid).not.toBe(deaf);
  expect(isSameProcess(deaf, undefined)).toBe(false);
});

test('a program that cannot wait is started fresh each time', async () => {
  const fake = fileURLToPath(new URL('fixtures/never-waits.mjs', import.meta.url));
  const settings = bench.settings(one, fake);
  settings.executors.open();
  await bench.until('the complaint', () => bench.log.some((line) => line.includes('no autoserv can be started ahead')));
  const execution = await bench.execution('');
  expect(await bench.watch(settings, execution).end).toMatchObject({ exitClass: 'lost' });
  expect(existsSync(join(execution.resultsDir, 'started'))).toBe(true);
});

test('those that wait end when the executor is closed', async () => {
  const settings = bench.settings(one);
  settings.executors.open();
  const pid = await nextOne();
  expect(waiting()).toEqual([pid]);
  await settings.executors.close();
  expect(waiting()).toEqual([]);
});

test('starts are held to the limit, and one that waits for its turn can be aborted', async () => {
  const settings = bench.settings({ maxStartsPerSecond: 0.001 });
  const first = bench.watch(settings, await bench.execution(''));
  const second = bench.watch(settings, await bench.execution(''));
  expect(await first.end).toEqual({ exitClass: 'clean', needsGather: false });
  expect(second.row().state).toBe('created');
  second.supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
  expect(await second.end).toMatchObject({ exitClass: 'aborted', needsGather: false });
  expect(second.row().state).toBe('created');
});
