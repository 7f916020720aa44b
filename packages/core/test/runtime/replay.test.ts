import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError, ResultTree, type Job, type JournalRecord, type TestOutcome } from '../../src/index.ts';
import { JournalWriter, readJournal } from '../../src/node/index.ts';
import { ControlRuntime, makeJobBase, runLeaf, type ControlEnd, type JobBase } from '../../src/runtime/index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autotest-runtime-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface TestJob extends JobBase {
  runTest: (name: string, options?: { check?: boolean }) => Promise<TestOutcome>;
}

type Control = (job: TestJob, did: (what: string) => void) => Promise<unknown>;

interface Run {
  readonly end: ControlEnd;
  /** What was really done, not answered from the journal. */
  readonly did: readonly string[];
}

/** Runs a control file on a journal file, as a client does when it starts. */
async function run(
  file: string,
  control: Control,
  onInterrupted: 'continue' | 'retry' | 'stop' = 'retry',
): Promise<Run> {
  const before = readJournal(file, 0).records;
  const sink = JournalWriter.open(file, { epoch: 1 });
  const did: string[] = [];
  const { signal } = new AbortController();
  const runtime = new ControlRuntime({
    sink,
    records: before,
    resultsDir: dir,
    bundleDir: import.meta.dirname,
    bootId: 'b',
    signal,
  });
  const base = makeJobBase(runtime, { name: 'test', tag: 'local', signal, resultsDir: dir, config: {} });
  const runTest: TestJob['runTest'] = (name, { check } = {}) =>
    runLeaf(runtime, {
      kind: 'test',
      name,
      check,
      onInterrupted,
      run: async () => {
        did.push(name);
        await Promise.resolve();
        return name.startsWith('bad') ? { outcome: 'fail', reason: 'bad' } : { outcome: 'pass' };
      },
    });
  try {
    const end = await runtime.run({ name: 'test', hosts: [], controlType: 'client' }, () =>
      control({ ...base, runTest }, (what) => did.push(what)).then(() => undefined),
    );
    return { end, did };
  } finally {
    sink.close();
  }
}

function records(file: string): readonly JournalRecord[] {
  const { records: all, problems } = readJournal(file, 0);
  expect(problems).toEqual([]);
  return all;
}

/** What a journal says in the end, without times, attempts and the order in which parallel branches came. */
function facts(file: string): unknown {
  const tree = new ResultTree();
  for (const record of records(file)) tree.apply(record);
  const nodes = [...tree.nodes()]
    .map(
      ({ path, outcome, metrics, keyvals }) =>
        `${path} ${outcome} ${JSON.stringify(metrics)} ${JSON.stringify(keyvals)}`,
    )
    .toSorted();
  return { nodes, end: tree.jobEnd?.outcome, keyvals: { ...tree.keyvals } };
}

const everything: Control = async (job, did) => {
  const value = await job.step('one', () => {
    did('one');
    return { list: [1, 'two', null], big: 'x'.repeat(200_000) };
  });
  job.keyval({ first: value.list[1] ?? null, bytes: value.big.length });
  await job.group('group', async () => {
    job.record('pass', 'note');
    job.record('warn', 'note', 'again');
    await job.runTest('good');
    const failed = await job
      .step('fails', () => {
        did('fails');
        throw new RangeError('no');
      })
      .catch((error: unknown) => (error instanceof Error ? error.name : 'none'));
    job.metric({ name: failed, value: 1 });
  });
  await job.parallel({
    a: async () => {
      await job.step('in a', () => did('in a'));
      await job.runTest('good');
    },
    b: () => job.group('deep', () => job.runTest('bad')),
  });
  job.keyval({ time: (await job.now()) > 0, random: (await job.random()) < 1 });
  await job
    .parallel({ c: () => job.runTest('bad', { check: true }), d: () => job.runTest('last') })
    .catch(() => undefined);
  await job.runTest('good');
};

describe('a control file that runs again on its journal', () => {
  it('comes to the same results from wherever the journal was cut, and does nothing twice that was done', async () => {
    const file = join(dir, 'journal.ndjson');
    const first = await run(file, everything);
    const wanted = facts(file);
    const bytes = readFileSync(file);
    const whole = records(file);
    expect(first.did.toSorted()).toEqual(['bad', 'bad', 'fails', 'good', 'good', 'good', 'in a', 'last', 'one']);

    let end = 0;
    for (const record of whole) {
      const start = end;
      end = bytes.indexOf(10, start) + 1;
      // Once behind the record, once in the middle of it.
      for (const cut of [end, Math.floor((start + end) / 2)]) {
        const again = join(dir, `cut-${cut}.ndjson`);
        writeFileSync(again, bytes.subarray(0, cut));
        const finished = whole.filter(
          ({ kind, seq }) => kind === 'step' && seq <= (cut === end ? record.seq : record.seq - 1),
        );
        const { did } = await run(again, everything);
        expect(facts(again), `cut at ${cut} of ${bytes.length}, in ${record.kind}`).toEqual(wanted);
        const doneBefore = finished.filter((step) => step.kind === 'step' && /^(step|test):/.test(step.key));
        expect(did.length, `cut at ${cut}: ${did.join()}`).toBeLessThanOrEqual(first.did.length - doneBefore.length);
        rmSync(again);
      }
    }
  });

  it('does nothing at all when everything is done', async () => {
    const file = join(dir, 'journal.ndjson');
    const first = await run(file, everything);
    const size = records(file).length;
    const second = await run(file, everything);
    expect(second.did).toEqual([]);
    expect(second.end).toEqual(first.end);
    // The new start is all that is written.
    expect(
      records(file)
        .slice(size)
        .map(({ kind }) => kind),
    ).toEqual(['boot']);
  });

  it('gets back results and errors of steps as they were', async () => {
    const file = join(dir, 'journal.ndjson');
    const seen: unknown[] = [];
    const control: Control = async (job) => {
      seen.push(await job.step('json', () => ({ a: [1, { b: null }] })));
      seen.push(await job.step('nothing', () => undefined));
      const error = await job
        .step('error', () => {
          throw Object.assign(new TypeError('wrong'), { code: 'E_WRONG', outcome: 'skip', details: { x: 1 } });
        })
        .catch((caught: unknown) => caught);
      seen.push(
        Object.fromEntries(
          ['name', 'message', 'code', 'outcome', 'details'].map((field) => [field, Reflect.get(Object(error), field)]),
        ),
      );
      const failed = await job.runCheck('exit 3').catch((caught: unknown) => caught);
      seen.push(failed instanceof CommandError ? [failed.code, failed.result.exitCode] : failed);
    };
    await run(file, control);
    await run(file, control);
    expect(seen).toHaveLength(8);
    expect(seen.slice(4)).toEqual(seen.slice(0, 4));
    expect(seen[2]).toMatchObject({
      name: 'TypeError',
      message: 'wrong',
      code: 'E_WRONG',
      outcome: 'skip',
      details: { x: 1 },
    });
    expect(seen[3]).toEqual(['AT_COMMAND_FAILED', 3]);
  });
});

async function diverge(before: Control, after: Control): Promise<ControlEnd> {
  const file = join(dir, 'journal.ndjson');
  await run(file, async (job, did) => {
    await before(job, did);
    throw new Error('cut');
  });
  const text = readFileSync(file, 'utf8').split('\n');
  // Without its end, as if it had been killed.
  writeFileSync(file, text.filter((line) => !line.includes('"job.end"')).join('\n'));
  return (await run(file, after)).end;
}

const twoSteps: Control = (job) => job.group('g', async () => void (await job.now(), await job.now()));
const oneStep: Control = (job) => job.group('g', async () => void (await job.now()));

describe('a control file that does other things than its journal says', () => {
  it('is ended when another step comes at a place', async () => {
    const end = await diverge(
      (job) => job.step('a', () => undefined),
      (job) => job.step('b', () => undefined).catch(() => undefined),
    );
    expect(end.cause?.code).toBe('AT_CONTROL_DIVERGED');
    expect(end.cause?.message).toContain('step:a#1 (replay.test.ts:');
    expect(end.cause?.message).toContain('step:b#1 (replay.test.ts:');
    expect(end.outcome).toBe('error');
  });

  it('is ended when a finished group has one step more or fewer', async () => {
    expect((await diverge(oneStep, twoSteps)).cause?.message).toContain('the end of the group');
    rmSync(join(dir, 'journal.ndjson'));
    expect((await diverge(twoSteps, oneStep)).cause?.message).toContain('the end of the code');
  });
});

describe('the outcome of a control file', () => {
  const cases: readonly (readonly [string, (job: TestJob) => Promise<unknown>, Partial<ControlEnd>])[] = [
    ['passes when nothing was recorded', async () => undefined, { outcome: 'pass', exitClass: 'clean' }],
    [
      'is the worst of its nodes',
      (job: TestJob) => job.parallel({ a: () => job.runTest('bad') }),
      { outcome: 'fail', exitClass: 'testFailures' },
    ],
    [
      'is not hidden by a group that passes',
      (job: TestJob) => job.group('g', () => job.runTest('bad')),
      { outcome: 'fail', exitClass: 'testFailures' },
    ],
    [
      'is an abort when it aborts, even in a branch',
      (job: TestJob) => job.parallel({ a: async () => job.abort('why') }),
      { outcome: 'abort', exitClass: 'aborted', reason: 'why' },
    ],
    [
      'is what it is completed with',
      async (job: Pick<Job, 'complete'>) => job.complete('skip'),
      { outcome: 'skip', exitClass: 'clean' },
    ],
    [
      'is an error when it throws what nobody knows',
      async () => {
        throw 'text';
      },
      { outcome: 'error', exitClass: 'testFailures', reason: 'Unhandled Thrown: text' },
    ],
    [
      'is what a failed check was',
      async (job: TestJob) => {
        await job.runTest('bad', { check: true });
      },
      { outcome: 'fail', exitClass: 'testFailures', reason: 'bad ended fail: bad' },
    ],
    [
      'is an error when a test stands inside a step',
      (job: TestJob) => job.step('outer', async () => void (await job.runTest('good'))),
      { outcome: 'error' },
    ],
  ];
  for (const [title, control, expected] of cases) {
    it(title, async () => {
      const { end } = await run(join(dir, 'journal.ndjson'), async (job) => void (await control(job)));
      expect(end).toMatchObject(expected);
    });
  }
});

describe('parallel', () => {
  it('waits for all branches before it throws what failed', async () => {
    const done: string[] = [];
    const { end } = await run(join(dir, 'journal.ndjson'), async (job) => {
      const error = await job
        .parallel({
          fast: async () => {
            throw new Error('fast failed');
          },
          slow: async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            done.push('slow');
          },
        })
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AggregateError);
      expect(error).toHaveProperty('message', '1 of 2 branches failed: fast');
      done.push('after');
    });
    expect(done).toEqual(['slow', 'after']);
    expect(end.outcome).toBe('error');
  });

  it('gives results by the names of the branches, whatever these are', async () => {
    const names = ['__proto__', 'a/b', ''];
    await run(join(dir, 'journal.ndjson'), async (job) => {
      const branches = Object.fromEntries(names.map((name) => [name, async () => `got ${name}`]));
      const results = await job.parallel(branches);
      expect(Object.entries(results)).toEqual(names.map((name) => [name, `got ${name}`]));
    });
  });
});
