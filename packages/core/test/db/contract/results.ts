import type { JournalRecord, RecordBody } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { newHost, only, startEntry, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

type Line = [scope: string[], body: RecordBody];
const t0 = 1_700_000_000_000;

function recordsOf(lines: readonly Line[], epoch = 1, firstSeq = 1): JournalRecord[] {
  return lines.map(([scope, body], n) => ({ v: 1, seq: firstSeq + n, t: t0 + n, epoch, scope, ...body }));
}

const start = (name: string, more: object = {}): RecordBody => ({ kind: 'node.start', node: 'test', name, ...more });
const end = (outcome: 'pass' | 'fail' | 'error', reason?: string): RecordBody => ({
  kind: 'node.end',
  outcome,
  ...(reason !== undefined && { reason }),
});
const keyOf = (host: string, key: string): Line => [[], { kind: 'hostKey', host, key }];
const metric = (name: string, value: number) => ({ name, value, unit: 'MB/s', direction: 'higher' }) as const;

async function runningExecution(db: Database) {
  const { job, entries, hosts } = await submitWithHosts(db, 1);
  const { executionId, epoch } = await startEntry(db, only(entries), only(hosts).id);
  return { job, entry: only(entries), host: only(hosts), executionId, epoch };
}

const tree: Line[] = [
  [[], { kind: 'job.start', name: 'sleep', hosts: ['h'], controlType: 'client' }],
  [['g'], { kind: 'node.start', node: 'group', name: 'g', host: 'h' }],
  [['g', 'a'], start('a', { subdir: 'a' })],
  [['g', 'a'], { kind: 'iteration', index: 1, metrics: [metric('speed', 5)], attributes: {}, durationMs: 1 }],
  [['g', 'a'], { kind: 'iteration', index: 2, metrics: [metric('speed', 6)], attributes: {}, durationMs: 1 }],
  [['g', 'a', 'sub'], { kind: 'node.result', node: 'subtest', name: 'sub', outcome: 'skip' }],
  [['g', 'a'], end('fail', 'too slow')],
  [['g', 'b'], start('b')],
  [['g', 'b'], { kind: 'metric', metric: metric('total', 11) }],
  [['g', 'b'], end('pass')],
  [['g'], end('fail')],
  [[], { kind: 'keyval', values: { build: 'x1', n: 3, list: [1, { a: null }] } }],
];

export function describeResults(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('makes the tree of a journal into rows', async () => {
    const { db } = opened;
    const { job, executionId } = await runningExecution(db);
    const done = await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 900, records: recordsOf(tree) });
    expect(done).toEqual({ offset: 900, stale: 0, applied: true });
    const nodes = await db.results.nodes({ executionId });
    expect(nodes.map((node) => [node.seq, node.path, node.node, node.outcome, node.host])).toEqual([
      [1, 'g', 'group', 'fail', 'h'],
      [2, 'g/a', 'test', 'fail', 'h'],
      [3, 'g/a/sub', 'subtest', 'skip', 'h'],
      [4, 'g/b', 'test', 'pass', 'h'],
    ]);
    const [group, a, sub, b] = nodes;
    expect(a).toMatchObject({
      parentId: group?.id,
      jobId: job.id,
      depth: 2,
      reason: 'too slow',
      subdir: 'a',
      startedAt: t0 + 2,
      endedAt: t0 + 6,
    });
    expect(sub?.parentId).toBe(a?.id);
    expect(await db.results.metrics([a?.id ?? 0, b?.id ?? 0])).toEqual([
      { nodeId: a?.id, iteration: 1, ...metric('speed', 5) },
      { nodeId: a?.id, iteration: 2, ...metric('speed', 6) },
      { nodeId: b?.id, iteration: 0, ...metric('total', 11) },
    ]);
    expect(await db.results.keyvals(executionId)).toEqual({ build: 'x1', n: 3, list: [1, { a: null }] });
    expect(await db.jobs.executionById(executionId)).toMatchObject({ journalOffset: 900, journalSeq: 12 });
    expect(await db.results.nodes({ jobId: job.id, first: 2, afterSeq: 1 })).toEqual([a, sub]);
    expect(await db.results.nodes({ parentId: group?.id ?? 0 })).toEqual([a, b]);
  });

  it('gives the same rows however the journal is cut into batches', async () => {
    const { db } = opened;
    const whole = await runningExecution(db);
    const parts = await runningExecution(db);
    const records = recordsOf(tree);
    await db.scheduling.ingest(whole.executionId, { fromOffset: 0, toOffset: records.length, records });
    for (const [n, record] of records.entries())
      await db.scheduling.ingest(parts.executionId, { fromOffset: n, toOffset: n + 1, records: [record] });
    const shape = async (executionId: number) => {
      const nodes = await db.results.nodes({ executionId });
      const ids = new Map(nodes.map((node) => [node.id, node.seq]));
      const metrics = await db.results.metrics([...ids.keys()]);
      return {
        nodes: nodes.map((node) =>
          Object.assign({}, node, { id: 0, executionId: 0, jobId: 0, parentId: ids.get(node.parentId ?? 0) }),
        ),
        metrics: metrics.map((row) => Object.assign({}, row, { nodeId: ids.get(row.nodeId) })),
        keyvals: await db.results.keyvals(executionId),
      };
    };
    expect(await shape(parts.executionId)).toEqual(await shape(whole.executionId));
  });

  it('takes a batch in exactly once: a repeated or misplaced one changes nothing', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    const batch = { fromOffset: 0, toOffset: 900, records: recordsOf(tree) };
    await db.scheduling.ingest(executionId, batch);
    const before = { nodes: await db.results.nodes({ executionId }), event: await db.events.latestId() };
    expect(await db.scheduling.ingest(executionId, batch)).toEqual({ offset: 900, stale: 0, applied: false });
    expect(await db.scheduling.ingest(executionId, { ...batch, fromOffset: 901 })).toMatchObject({
      offset: 900,
      applied: false,
    });
    expect({ nodes: await db.results.nodes({ executionId }), event: await db.events.latestId() }).toEqual(before);
  });

  it('refuses records of another epoch and says how many', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    const records = [...recordsOf([[['old'], start('old')]], 99), ...recordsOf([[['new'], start('new')]], 1, 2)];
    expect(await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 10, records })).toEqual({
      offset: 10,
      stale: 1,
      applied: true,
    });
    expect((await db.results.nodes({ executionId })).map((node) => node.path)).toEqual(['new']);
  });

  it('keeps the rows of an earlier attempt', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    const records = recordsOf([
      [['a'], start('a')],
      [['a'], { kind: 'metric', metric: metric('m', 1) }],
      [['a'], end('error', 'host lost')],
      [['a'], start('a', { attempt: 2 })],
      [['a'], { kind: 'metric', metric: metric('m', 2) }],
      [['a'], end('pass')],
    ]);
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 4, records: records.slice(0, 4) });
    await db.scheduling.ingest(executionId, { fromOffset: 4, toOffset: 6, records: records.slice(4) });
    const nodes = await db.results.nodes({ executionId });
    expect(nodes.map((node) => [node.attempt, node.outcome])).toEqual([
      [1, 'error'],
      [2, 'pass'],
    ]);
    expect((await db.results.metrics(nodes.map((node) => node.id))).map((row) => row.value)).toEqual([1, 2]);
  });

  it('makes the parents that a torn journal does not name', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    await db.scheduling.ingest(executionId, {
      fromOffset: 0,
      toOffset: 1,
      records: recordsOf([[['x', 'y', 'z'], end('pass')]]),
    });
    await db.scheduling.ingest(executionId, {
      fromOffset: 1,
      toOffset: 2,
      records: recordsOf([[['x', 'w'], start('w')]], 1, 2),
    });
    const nodes = await db.results.nodes({ executionId });
    const byPath = new Map(nodes.map((node) => [node.path, node]));
    expect([...byPath.keys()]).toEqual(['x', 'x/y', 'x/y/z', 'x/w']);
    expect(byPath.get('x/y/z')?.parentId).toBe(byPath.get('x/y')?.id);
    expect(byPath.get('x/w')?.parentId).toBe(byPath.get('x')?.id);
  });

  it('takes anything a host may write without failing', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    const long = 'ä'.repeat(100_000);
    // oxlint-disable-next-line no-unsafe-type-assertion -- hosts do not keep to types
    const odd = [
      [['__proto__'], { kind: 'node.start', node: 7, name: null, attempt: -3, subdir: {}, host: [] }],
      [['__proto__'], { kind: 'node.end', outcome: 'splendid', original: 4, reason: { a: 1 }, durationMs: 'x' }],
      [[long], start(long)],
      [[`${long}b`], start('other')],
      [[long], end('fail', `${long}\u0000\uD800`)],
      [['a '], start('a ')],
      [['a'], start('A')],
      [['A'], start('é\u0000')],
      [['m'], { kind: 'metric', metric: { name: 'x'.repeat(999), value: 1e308, unit: long, direction: 'up' } }],
      [['m'], { kind: 'metric', metric: { name: 'n', value: null, unit: 1, direction: 'up' } }],
      [['m'], { kind: 'metric', metric: null }],
      [['m'], { kind: 'iteration', index: 2 ** 40, metrics: 'no', attributes: 1 }],
      [['m'], { kind: 'iteration', index: 1, metrics: [1, null, {}, metric('ok', 1)] }],
      [[], { kind: 'keyval', values: null }],
      [[], { kind: 'keyval', values: JSON.parse('{"__proto__": 1, "": 2}') }],
      [Array.from({ length: 64 }, (_, n) => `${n}`), end('pass')],
      [[], { kind: 'phase', phase: {}, message: 5 }],
      [[], { kind: 'info', message: long }],
      [[], { kind: 'fault' }],
      [[], { kind: 'hostKey', host: 5, key: {} }],
      [[], { kind: 'from the future', x: 1 }],
      [['t'], { kind: 'node.start', node: 'test', name: 't', t: 1e300 }],
    ] as unknown as Line[];
    const done = await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 9, records: recordsOf(odd) });
    expect(done.applied).toBe(true);
    const nodes = await db.results.nodes({ executionId });
    const paths = nodes.map((node) => node.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toEqual(expect.arrayContaining(['__proto__', 'a ', 'a', 'A', 'm']));
    expect(nodes[0]).toMatchObject({ node: 'group', attempt: 1, outcome: 'unknown', originalOutcome: 'unknown' });
    const failed = nodes.find((node) => node.outcome === 'fail');
    expect(Buffer.byteLength(failed?.reason ?? '')).toBeLessThanOrEqual(64 * 1024);
    expect(failed?.reason).toMatch(/cut, \d+ bytes\]$/);
    const metrics = await db.results.metrics(nodes.filter((node) => node.path === 'm').map((node) => node.id));
    expect(metrics.map((row) => [row.iteration, row.value])).toEqual([
      [0, 1e308],
      [1, 1],
    ]);
    expect(Object.keys(await db.results.keyvals(executionId)).sort()).toEqual(['', '__proto__']);
  });

  it('tells of nodes, metrics and progress', async () => {
    const { db } = opened;
    const { job, entry, executionId } = await runningExecution(db);
    const cursor = await db.events.latestId();
    const records = recordsOf([
      [[], { kind: 'phase', phase: 'running', host: 'h', message: 'go' }],
      [['a'], start('a')],
      [['a'], { kind: 'metric', metric: metric('m', 1) }],
      [['a'], end('pass')],
    ]);
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 9, records });
    const node = only(await db.results.nodes({ executionId }));
    const about = { jobId: job.id, entryId: entry.id, executionId };
    expect(await db.events.since(cursor, { first: 10, jobId: job.id })).toMatchObject([
      {
        kind: 'execution.progress',
        ...about,
        data: { kind: 'phase', phase: 'running', host: 'h', message: 'go', t: t0 },
      },
      { kind: 'result.node', ...about, data: { nodeId: node.id, path: 'a', outcome: 'pass' } },
      { kind: 'result.metrics', ...about, data: { nodeId: node.id, path: 'a', count: 1 } },
    ]);
  });

  it('pins a key that was seen first, for a host of the execution that has none', async () => {
    const { db } = opened;
    const { host, executionId } = await runningExecution(db);
    const other = await db.hosts.add(newHost('stranger'), 'anna');
    const lines = [keyOf(host.name, 'ssh-ed25519 AAAAfirst'), keyOf(other.name, 'ssh-ed25519 AAAAx')];
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 1, records: recordsOf(lines) });
    const again = recordsOf([keyOf(host.name, 'ssh-ed25519 AAAAsecond')], 1, 3);
    await db.scheduling.ingest(executionId, { fromOffset: 1, toOffset: 2, records: again });
    expect((await db.hosts.byId(host.id))?.hostKeys).toEqual(['ssh-ed25519 AAAAfirst']);
    // Only what installs a host may say that it has other keys now.
    const replaced = recordsOf(
      [[[], { kind: 'hostKey', host: host.name, key: 'ssh-ed25519 AAAAnew', replaces: true }]],
      2,
      4,
    );
    await db.scheduling.ingest(executionId, { fromOffset: 2, toOffset: 3, records: replaced });
    expect((await db.hosts.byId(host.id))?.hostKeys).toEqual(['ssh-ed25519 AAAAfirst']);
    // A host of somebody else cannot be given a key from here.
    expect((await db.hosts.byId(other.id))?.hostKeys).toEqual([]);
  });

  it('pins what a host proved besides its pinned key, each once and not more than twenty', async () => {
    const { db } = opened;
    const { host, executionId } = await runningExecution(db);
    const proven = (key: string): Line => [[], { kind: 'hostKeyProven', host: host.name, key }];
    const early = recordsOf([proven('ssh-ed25519 AAAAearly')]);
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 1, records: early });
    expect((await db.hosts.byId(host.id))?.hostKeys).toEqual([]);
    const lines = [keyOf(host.name, 'ssh-ed25519 AAAAfirst'), proven('ssh-rsa AAAAnext'), proven('ssh-rsa AAAAnext')];
    await db.scheduling.ingest(executionId, { fromOffset: 1, toOffset: 2, records: recordsOf(lines, 1, 2) });
    expect((await db.hosts.byId(host.id))?.hostKeys).toEqual(['ssh-ed25519 AAAAfirst', 'ssh-rsa AAAAnext']);
    const many = Array.from({ length: 40 }, (_, n) => proven(`ssh-rsa AAAA${n}`));
    await db.scheduling.ingest(executionId, { fromOffset: 2, toOffset: 3, records: recordsOf(many, 1, 5) });
    expect((await db.hosts.byId(host.id))?.hostKeys).toHaveLength(20);
  });

  it('gives the history of a test, newest first, page by page', async () => {
    const { db } = opened;
    for (const host of ['h1', 'h2', 'h1']) {
      const { executionId } = await runningExecution(db);
      const records = recordsOf([
        [['sleep'], start('sleep', { host })],
        [['sleep'], end('pass')],
        [['other'], start('other')],
      ]);
      await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 1, records });
    }
    const all = await db.results.history({ testName: 'sleep', first: 10 });
    expect(all.map((node) => node.host)).toEqual(['h1', 'h2', 'h1']);
    expect(await db.results.history({ testName: 'sleep', host: 'h1', first: 10, beforeId: all[0]?.id ?? 0 })).toEqual([
      all[2],
    ]);
    expect(await db.results.history({ testName: 'sleep', first: 1 })).toEqual([all[0]]);
  });

  it('says so when the execution does not exist', async () => {
    const batch = { fromOffset: 0, toOffset: 1, records: [] };
    await expect(opened.db.scheduling.ingest(4711, batch)).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it('takes thousands of records in with one batch', async () => {
    const { db } = opened;
    const { executionId } = await runningExecution(db);
    const names = Array.from({ length: 1500 }, (_, n) => `t${n}`);
    const lines = names.flatMap((name): Line[] => [
      [['suite', name], start(name)],
      [['suite', name], end('pass')],
    ]);
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 1, records: recordsOf(lines) });
    const nodes = await db.results.nodes({ executionId });
    expect(nodes.map((node) => node.name)).toEqual(['suite', ...names]);
    expect(nodes.slice(1).every((node) => node.outcome === 'pass' && node.parentId === nodes[0]?.id)).toBe(true);
  });
}
