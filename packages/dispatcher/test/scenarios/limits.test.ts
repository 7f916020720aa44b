import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const minute = 60_000;

test('a queued job times out to the second', async () => {
  const lab = await openLab();
  const job = await lab.submit({ any: 1, timeoutMs: 10 * minute });
  await lab.advance(10 * minute - 1000);
  expect(await lab.state(job)).toBe('queued');
  await lab.advance(1000);
  expect(await lab.state(job)).toBe('finished timedOut');
  expect((await lab.entry(job)).cause).toEqual({
    code: 'AT_TIMED_OUT',
    message: 'the job was not finished 10 min after its submission',
  });
});

test('a job whose host is made ready times out, and the host is free', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], timeoutMs: minute });
  await lab.advance(minute);
  expect([await lab.state(job), await lab.hosts(), await lab.held()]).toEqual([
    'finished h1 timedOut',
    { h1: 'ready' },
    [],
  ]);
});

test('a running job times out to the second, from its submission', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], timeoutMs: 10 * minute });
  await lab.advance(minute);
  await lab.pass('verify h1');
  await lab.advance(9 * minute - 1001);
  expect(await lab.state(job)).toBe('running h1');
  await lab.advance(1000);
  expect(await lab.state(job)).toBe('finished h1 timedOut');
});

test('an execution is stopped to the second when it runs too long, and the job is not tried again', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], maxRuntimeMs: 5 * minute, infraRetries: 3, retries: 3 });
  await lab.advance(minute);
  await lab.pass('verify h1');
  const process = await lab.process('job 1 h1');
  await lab.advance(5 * minute - 1000);
  expect(await lab.state(job)).toBe('running h1');
  await lab.advance(1000);
  expect([await lab.state(job), process.wish]).toEqual([
    'finished h1 timedOut',
    { by: 'dispatcher', reason: 'it ran longer than 5 min', timedOut: true },
  ]);
});

test('a limit that passes while no dispatcher runs counts as soon as one does', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const running = await lab.submit({ on: ['h1'], runVerify: false, maxRuntimeMs: minute });
  const queued = await lab.submit({ on: ['h1'], timeoutMs: minute });
  await lab.stop();
  await lab.advance(2 * minute);
  await lab.start();
  expect([await lab.state(running), await lab.state(queued)]).toEqual(['finished h1 timedOut', 'finished h1 timedOut']);
});

test('a lock and a reservation end by themselves, to the second', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  await lab.changeHost('h1', { lockedBy: 'bob', lockedUntil: lab.clock.now() + minute });
  await lab.database.hosts.reserve(
    (await lab.host('h2')).id,
    { by: 'bob', until: lab.clock.now() + 2 * minute },
    'bob',
  );
  const first = await lab.submit({ any: 1 });
  const second = await lab.submit({ any: 1 });
  await lab.advance(minute - 1000);
  expect([await lab.state(first), await lab.state(second)]).toEqual(['queued', 'queued']);
  await lab.advance(1000);
  expect([await lab.state(first), await lab.state(second)]).toEqual(['preparing h1', 'queued']);
  await lab.advance(minute);
  expect(await lab.state(second)).toBe('preparing h2');
});

test('what is left behind is gathered for a limited time only', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false, infraRetries: 0 });
  await lab.kill('job 1 h1');
  await lab.advance(3 * minute);
  expect(await lab.state(job)).toBe('finished h1 error');
});
