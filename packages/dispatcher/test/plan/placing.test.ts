import { plan } from '@autotest/dispatcher';
import { describe, expect, it } from 'vitest';
import { limits, now, snapshotOf, type WorldSketch } from './snapshot.ts';

/** Assignments as `entry id → host name`. */
function assigned(world: WorldSketch, changed: Partial<typeof limits> = {}): Record<number, string> {
  const snapshot = snapshotOf(world);
  const names = new Map(snapshot.hosts.map(({ id, name }) => [id, name]));
  const { assignments } = plan(snapshot, { ...limits, ...changed });
  return Object.fromEntries(assignments.map(({ entry, hostId }) => [entry.id, names.get(hostId) ?? '?']));
}

const one = (host: object, more: WorldSketch = {}): WorldSketch => ({
  hosts: [host],
  jobs: [{ entries: [{}] }],
  ...more,
});

const pair = (entries: object[], more: object = {}) => ({
  controlType: 'server' as const,
  syncCount: 2,
  entries,
  ...more,
});

describe('who chooses first', () => {
  const cases: [title: string, world: WorldSketch, expected: Record<number, string>][] = [
    [
      'the higher priority',
      {
        hosts: [{}],
        jobs: [
          { priority: 0, entries: [{}] },
          { priority: 20, entries: [{}] },
        ],
      },
      { 200: 'h1' },
    ],
    ['the older job at equal priority', { hosts: [{}], jobs: [{ entries: [{}] }, { entries: [{}] }] }, { 100: 'h1' }],
    [
      'the job that names its host, before an older one that takes any',
      { hosts: [{}], jobs: [{ entries: [{}] }, { entries: [{ hostId: 1 }] }] },
      { 200: 'h1' },
    ],
    [
      'a higher priority that takes any host, before a named host of lower priority',
      { hosts: [{}], jobs: [{ priority: 20, entries: [{}] }, { entries: [{ hostId: 1 }] }] },
      { 100: 'h1' },
    ],
    [
      'one after the other, while hosts last',
      { hosts: [{}, {}, {}], jobs: [{ entries: [{}, {}] }, { entries: [{}, {}] }] },
      { 100: 'h1', 101: 'h2', 200: 'h3' },
    ],
    ['within a job, the first entry', { hosts: [{}], jobs: [{ entries: [{}, {}] }] }, { 100: 'h1' }],
  ];
  it.each(cases)('%s', (_, world, expected) => expect(assigned(world)).toEqual(expected));
});

describe('which host can be given', () => {
  const cases: [title: string, world: WorldSketch, isGiven: boolean][] = [
    ['a ready one is', one({}), true],
    ['a locked one is not', one({ lockedBy: 'bob' }), false],
    ['one whose lock has run out is', one({ lockedBy: 'bob', lockedUntil: now - 1 }), true],
    ['one whose lock lasts is not', one({ lockedBy: 'bob', lockedUntil: now + 1 }), false],
    ['a draining one is not', one({ draining: true }), false],
    ['a quarantined one is not', one({ quarantineReason: 'smoke' }), false],
    ['one that somebody holds is not', one({}, { leases: { 1: {} } }), false],
    ['one whose lease has run out is', one({}, { leases: { 1: { expiresAt: now } } }), true],
    ['one that is being verified is not', one({ state: 'verifying' }), false],
    ['one that runs a job is not', one({ state: 'running' }), false],
    ['one set aside is not', one({ state: 'repairFailed' }), false],
  ];
  it.each(cases)('%s', (_, world, isGiven) => expect(assigned(world)).toEqual(isGiven ? { 100: 'h1' } : {}));

  it('not one that failed a moment ago', () => {
    expect(assigned({ hosts: [{}], jobs: [{ entries: [{}] }] }, { paused: new Set(['host:1']) })).toEqual({});
    expect(assigned({ hosts: [{}], jobs: [{ entries: [{}] }] }, { paused: new Set(['entry:100']) })).toEqual({});
  });
});

describe('what a job needs', () => {
  const hosts = [
    { labels: ['arch:x86', 'mem:8'] },
    { labels: ['arch:arm64', 'mem:16'] },
    { labels: ['arch:arm64', 'mem:64', 'flaky'] },
  ];
  const metadata = { name: 'j', author: 'a', doc: 'd', type: 'client' as const };
  const cases: [title: string, control: string | undefined, submission: string | undefined, expected: string[]][] = [
    ['the control file asks', 'arch:arm64 & !flaky', undefined, ['h2']],
    ['the submission asks', undefined, 'mem>=32', ['h3']],
    ['both ask, and both must hold', 'arch:arm64', 'mem>=32', ['h3']],
    ['both ask with alternatives', 'arch:x86 | flaky', '!arch:arm64 | mem>=16', ['h1', 'h3']],
    ['nothing can fulfil it', 'arch:x86', 'mem>=32', []],
    ['an expression that cannot be read holds nowhere', 'arch:arm64 &', undefined, []],
    ['blank expressions ask for nothing', ' ', undefined, ['h1', 'h2', 'h3']],
  ];
  it.each(cases)('%s', (_, control, submission, expected) => {
    const job = {
      metadata: { ...metadata, ...(control !== undefined && { needs: control }) },
      ...(submission !== undefined && { needs: submission }),
      entries: [{}, {}, {}],
    };
    expect(Object.values(assigned({ hosts, jobs: [job] })).sort()).toEqual(expected);
  });

  it('holds for named hosts too', () => {
    const job = { needs: 'arch:x86', entries: [{ hostId: 1 }, { hostId: 2 }] };
    expect(assigned({ hosts, jobs: [job] })).toEqual({ 100: 'h1' });
  });

  it('prefers hosts with few labels, so that special ones stay free', () => {
    expect(
      assigned({ hosts: [{ labels: ['a', 'b'] }, { labels: ['a'] }], jobs: [{ needs: 'a', entries: [{}] }] }),
    ).toEqual({ 100: 'h2' });
  });
});

describe('a host on which the entry failed', () => {
  it('is not taken while there is another', () => {
    expect(assigned({ hosts: [{}, {}], jobs: [{ entries: [{ triedHostIds: [1] }] }] })).toEqual({ 100: 'h2' });
  });
  it('is taken when it is the only one', () => {
    expect(assigned({ hosts: [{}], jobs: [{ entries: [{ triedHostIds: [1] }] }] })).toEqual({ 100: 'h1' });
  });
  it('is looked past among hosts of other labels', () => {
    const hosts = [{}, { labels: ['x'] }];
    expect(assigned({ hosts, jobs: [{ entries: [{ triedHostIds: [1] }] }] })).toEqual({ 100: 'h2' });
  });
});

describe('hosts that start together', () => {
  const cases: [title: string, world: WorldSketch, expected: Record<number, string>][] = [
    ['are given together', { hosts: [{}, {}], jobs: [pair([{}, {}])] }, { 100: 'h1', 101: 'h2' }],
    [
      'are held one by one for the first such job',
      { hosts: [{}, { state: 'running' }], jobs: [pair([{ hostId: 1 }, { hostId: 2 }])] },
      { 100: 'h1' },
    ],
    [
      'are not held for a second such job, which would keep them from others',
      {
        hosts: [{}, { state: 'running' }, {}],
        jobs: [
          pair([{ hostId: 1 }, { hostId: 2 }]),
          pair([{ hostId: 3 }, { hostId: 2 }]),
          { priority: 0, entries: [{}] },
        ],
      },
      { 100: 'h1', 300: 'h3' },
    ],
    [
      'are given to a second such job when they make its group whole',
      {
        hosts: [{}, { state: 'running' }, {}, {}],
        jobs: [pair([{ hostId: 1 }, { hostId: 2 }]), pair([{ hostId: 3 }, { hostId: 4 }])],
      },
      { 100: 'h1', 200: 'h3', 201: 'h4' },
    ],
    [
      'are no more than make up whole groups',
      { hosts: [{}, {}, {}], jobs: [pair([{}, {}, {}])] },
      { 100: 'h1', 101: 'h2' },
    ],
    [
      'are not taken from a named sibling',
      { hosts: [{}, {}], jobs: [pair([{}, { hostId: 1 }])] },
      { 100: 'h2', 101: 'h1' },
    ],
    [
      'count with those that are held already',
      {
        hosts: [{ state: 'reserved' }, {}],
        jobs: [pair([{ state: 'ready', hostId: 1, named: true }, { hostId: 2 }])],
        leases: { 1: { holder: { kind: 'entry', id: 100 } } },
      },
      { 101: 'h2' },
    ],
  ];
  it.each(cases)('%s', (_, world, expected) => expect(assigned(world)).toEqual(expected));

  it('are given back by a job that is not the first any more', () => {
    const world: WorldSketch = {
      hosts: [{ state: 'reserved' }, { state: 'running' }],
      jobs: [
        pair([{ state: 'ready', hostId: 1, named: true }, { hostId: 2 }]),
        pair([{ hostId: 1 }, { hostId: 2 }], { priority: 30 }),
      ],
      leases: { 1: { holder: { kind: 'entry', id: 100 } }, 2: {} },
    };
    expect(plan(snapshotOf(world), limits).yields.map(({ id }) => id)).toEqual([100]);
  });

  it('are kept where the first job has no use for them', () => {
    const world: WorldSketch = {
      hosts: [{ state: 'reserved' }, { state: 'running' }, {}],
      jobs: [
        pair([{ state: 'ready', hostId: 1, named: true }, { hostId: 2 }]),
        pair([{ hostId: 3 }, { hostId: 2 }], { priority: 30 }),
      ],
      leases: { 1: { holder: { kind: 'entry', id: 100 } }, 2: {} },
    };
    expect(plan(snapshotOf(world), limits).yields).toEqual([]);
  });
});

it('ten thousand entries and five thousand hosts are planned without asking each of each', () => {
  const hosts = Array.from({ length: 5000 }, (_, n) => ({
    labels: [`rack:${n % 200}`, n % 2 ? 'arch:x86' : 'arch:arm64'],
  }));
  const jobs = Array.from({ length: 10_000 }, (_, n) => ({
    needs: `rack:${n % 200} & arch:${n % 2 ? 'x86' : 'arm64'}`,
    entries: [{}],
  }));
  const { assignments, waiting } = plan(snapshotOf({ hosts, jobs }), limits);
  expect(assignments).toHaveLength(5000);
  expect(waiting).toHaveLength(5000);
});
