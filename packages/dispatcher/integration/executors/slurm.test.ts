import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { missingService, startSlurm, type TestSlurm } from '@autotest/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ExecutionBench } from './bench.ts';

describe.skipIf(missingService('slurmctld'))('on Slurm', () => {
  let slurm: TestSlurm;
  let bench: ExecutionBench;
  beforeAll(async () => {
    slurm = await startSlurm();
  });
  afterAll(() => slurm?.stop());
  beforeEach(async () => {
    bench = await ExecutionBench.open({ executor: 'slurm', slurm: { confFile: slurm.confFile, pollMs: 200 } });
  });
  afterEach(() => bench.close());

  const slurmJobs = async (): Promise<string[]> =>
    (await slurm.run('squeue', '--noheader', '--states=all', '--format=%i %T %j')).split('\n').filter(Boolean);

  test('a job runs to its verdict in a batch job, with its output in the results', async () => {
    const gate = bench.gate();
    const execution = await bench.execution(
      `await ${gate.wait}; job.keyval({ slurm: process.env.SLURM_JOB_ID ?? 'none', secret: process.env.SECRET ?? 'none' });`,
    );
    process.env.SECRET = 'of the dispatcher';
    const watched = bench.watch(bench.settings(), execution);
    await bench.until('its greeting', () => watched.row().state === 'running');
    gate.open();
    expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    const { executor, externalId, state } = watched.row();
    expect({ executor, state }).toEqual({ executor: 'slurm', state: 'running' });
    expect(bench.read(execution, 'keyval')).toContain(`slurm=${externalId}\n`);
    expect(bench.read(execution, 'keyval')).toContain('secret=none\n');
    expect(bench.read(execution, 'debug/autoserv.log')).toContain('ended: clean');
  });

  test('a job that Slurm cannot take ends at once with its reason', async () => {
    const settings = bench.settings({ slurm: { confFile: slurm.confFile, partition: 'nowhere' } });
    const end = await bench.watch(settings, await bench.execution('')).end;
    expect(end).toMatchObject({ exitClass: 'infra', cause: { code: 'AT_EXECUTION_START' } });
    expect(end?.cause?.message).toContain('invalid partition');
  });

  test('an abort takes a job out of the queue that waits there', async () => {
    const settings = bench.settings({ slurm: { confFile: slurm.confFile, partition: 'drained', pollMs: 200 } });
    const watched = bench.watch(settings, await bench.execution(''));
    await bench.until('the batch job', () => watched.row().externalId);
    watched.supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
    expect(await watched.end).toMatchObject({ exitClass: 'aborted', cause: { message: 'anna aborted it: oops' } });
    expect(await slurmJobs()).toContainEqual(expect.stringMatching(`^${watched.row().externalId} CANCELLED`));
  });

  test('an abort reaches an autoserv that runs, and its journal ends well', async () => {
    const execution = await bench.execution(`await ${bench.gate().wait};`);
    const watched = bench.watch(bench.settings(), execution);
    await bench.untilRunning(execution);
    watched.supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
    expect(await watched.end).toMatchObject({ exitClass: 'aborted', needsGather: false });
    expect(bench.records(execution).at(-1)).toMatchObject({ kind: 'end', exitClass: 'aborted' });
  });

  test('the next dispatcher finds a batch job by what the row says, and one that nobody wrote down by its name', async () => {
    const gate = bench.gate();
    const execution = await bench.execution(`await ${gate.wait};`);
    const first = bench.watch(bench.settings(), execution);
    await bench.untilRunning(execution);
    first.supervision.detach();
    expect(await first.end).toBeUndefined();
    const second = bench.watch(bench.settings(), first.row());
    const third = bench.watch(bench.settings(), execution);
    await delay(500);
    gate.open();
    expect(await second.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(await third.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect((await slurmJobs()).filter((line) => line.includes(basename(execution.socketPath, '.sock')))).toHaveLength(
      1,
    );
  });

  test('a job goes on when its dispatcher is killed before it could write down what it started', async () => {
    const gate = bench.gate();
    const execution = await bench.execution(`await ${gate.wait};`);
    const dispatcher = bench.startOne(execution, { executor: 'slurm', slurm: { confFile: slurm.confFile } });
    await bench.untilRunning(execution);
    await bench.kill(dispatcher);
    const watched = bench.watch(bench.settings(), execution);
    await bench.until('its greeting', () => watched.row().state === 'running');
    gate.open();
    expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(bench.records(execution).filter(({ kind }) => kind === 'boot')).toHaveLength(1);
  });

  test('a controller that is away for a while loses no execution, and an abort of that time comes through', async () => {
    const gate = bench.gate();
    const [stays, goes] = [await bench.execution(`await ${gate.wait};`), await bench.execution(`await ${gate.wait};`)];
    const settings = bench.settings();
    const [staying, going] = [bench.watch(settings, stays), bench.watch(settings, goes)];
    await bench.untilRunning(stays);
    await bench.untilRunning(goes);
    await slurm.stopController();
    try {
      await bench.until('the trouble', () => settings.executors.trouble());
      going.supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
    } finally {
      await slurm.startController();
    }
    expect(await going.end).toMatchObject({ exitClass: 'aborted' });
    gate.open();
    expect(await staying.end).toEqual({ exitClass: 'clean', needsGather: false });
    expect(settings.executors.trouble()).toBeUndefined();
  });

  test('a submission while the controller is away is no failure of the execution', async () => {
    const execution = await bench.execution('');
    const settings = bench.settings();
    await slurm.stopController();
    try {
      await expect(bench.watch(settings, execution).end).rejects.toMatchObject({ code: 'AT_EXECUTOR_UNAVAILABLE' });
    } finally {
      await slurm.startController();
    }
    expect(await bench.watch(settings, execution).end).toEqual({ exitClass: 'clean', needsGather: false });
  });

  test('a job that somebody else cancels is lost, with the reason', async () => {
    const execution = await bench.execution(`await ${bench.gate().wait};`);
    const watched = bench.watch(bench.settings(), execution);
    await bench.untilRunning(execution);
    await slurm.run('scancel', watched.row().externalId ?? '');
    const end = await watched.end;
    expect(end).toMatchObject({ exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST' }, needsGather: false });
    expect(end?.cause?.message).toContain(`Slurm job ${watched.row().externalId}`);
    expect(end?.cause?.message).toContain('CANCELLED');
  });

  test('a job whose node fails is lost, with the reason', async () => {
    const execution = await bench.execution(
      `process.on('SIGTERM', () => process.kill(process.pid, 'SIGKILL')); await ${bench.gate().wait};`,
    );
    const watched = bench.watch(bench.settings(), execution);
    await bench.untilRunning(execution);
    const node = await slurm.run('squeue', '--noheader', `--jobs=${watched.row().externalId}`, '--format=%B');
    await slurm.run('scontrol', 'update', `nodename=${node}`, 'state=down', 'reason=test');
    try {
      const end = await watched.end;
      expect(end).toMatchObject({ exitClass: 'lost', needsGather: true });
      expect(end?.cause?.message).toContain('NODE_FAIL');
    } finally {
      await bench.until('the node', async () =>
        (await slurm.run('sinfo', '--noheader', '--format=%T')).includes('idle'),
      );
    }
  });

  test('a batch job that is killed before autoserv begins leaves no journal and a reason', async () => {
    const settings = bench.settings({ slurm: { confFile: slurm.confFile, pollMs: 200 } }, '/bin/false');
    const execution = await bench.execution('');
    const end = await bench.watch(settings, execution).end;
    expect(end).toMatchObject({ exitClass: 'lost', needsGather: false });
    expect(end?.cause?.message).toMatch(/ended before it began; Slurm job \d+ .*FAILED/);
    expect(existsSync(join(execution.resultsDir, 'journal.ndjson'))).toBe(false);
  });
});

describe.skipIf(missingService('slurmctld') ?? (process.getuid?.() !== 0 && 'namespaces need root'))(
  'on another node',
  () => {
    let slurm: TestSlurm;
    let bench: ExecutionBench;
    beforeAll(async () => {
      bench = await ExecutionBench.open({ executor: 'slurm' });
      slurm = await startSlurm({ elsewhere: { hidden: [bench.runDir] } });
    });
    afterAll(async () => {
      await slurm?.stop();
      await bench.close();
    });

    const settings = () => bench.settings({ slurm: { confFile: slurm.confFile, pollMs: 200 } });

    test('a job is seen to run by its journal alone, and its results are taken in', async () => {
      const gate = bench.gate();
      const execution = await bench.execution(
        `job.keyval({ machine: (await import('node:os')).hostname() }); await ${gate.wait};`,
      );
      const watched = bench.watch(settings(), execution);
      await bench.until('its greeting', () => watched.row().state === 'running');
      expect(watched.row().pid).toBeUndefined();
      const stored = await bench.until('records in the rows', async () => {
        const row = await bench.database.jobs.executionById(execution.id);
        return row && row.journalSeq > 0 && row;
      });
      expect(stored.journalSeq).toBeGreaterThan(0);
      gate.open();
      expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
      expect(bench.read(execution, 'keyval')).toContain('machine=elsewhere\n');
    });

    test('an abort comes there by SIGTERM, with who asked for it and why', async () => {
      const execution = await bench.execution(`await ${bench.gate().wait};`);
      const watched = bench.watch(settings(), execution);
      await bench.untilRunning(execution);
      watched.supervision.abort({ by: 'anna', reason: 'oops', timedOut: false });
      expect(await watched.end).toMatchObject({ exitClass: 'aborted', cause: { message: 'oops' }, needsGather: false });
      expect(bench.records(execution)).toContainEqual(expect.objectContaining({ kind: 'abort.request', by: 'anna' }));
    });

    test('a lock of there keeps a second autoserv of here away', async () => {
      const gate = bench.gate();
      const execution = await bench.execution(`await ${gate.wait};`);
      const watched = bench.watch(settings(), execution);
      await bench.untilRunning(execution);
      const here = { ...execution, executor: 'local' };
      const second = await bench.settings().executors.start(here, new AbortController().signal);
      expect(await second.gone).toEqual({ exitCode: 3 });
      expect(bench.records(execution).filter(({ kind }) => kind === 'boot')).toHaveLength(1);
      gate.open();
      expect(await watched.end).toEqual({ exitClass: 'clean', needsGather: false });
    });
  },
);
