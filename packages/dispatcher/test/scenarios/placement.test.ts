import { describe, expect, test } from 'vitest';
import { any, now, on, placed, Plan, together, type Sketch } from '../support/sketch.ts';

/** The lab of the original's tests, with its atomic groups as racks. */
const hosts = [
  { labels: ['label1'] },
  { labels: ['label2'] },
  {},
  {},
  { labels: ['rack:a', 'label6'] },
  { labels: ['rack:a', 'label6'] },
  { labels: ['rack:a', 'label6', 'label7'] },
  { labels: ['rack:b', 'label6', 'label7'] },
  { labels: ['rack:b', 'label6', 'label7'] },
];
const out = { lockedBy: 'bob' };
const rack = (more: object = {}) => together(2, any(2), { sameValueOf: 'rack', ...more });

/** The hosts of a lab, some of them out of service. */
function without(...numbers: readonly number[]): Sketch['hosts'] {
  return hosts.map((host, index) => (numbers.includes(index + 1) ? { ...host, ...out } : host));
}

describe.each([
  ['named', on(1), on(2)],
  ['to be chosen', any(1), any(1)],
])('hosts %s', (kind, first, second) => {
  const isNamed = kind === 'named';

  test(`D01 ${isNamed ? 'N' : 'M'} two jobs on two hosts are both placed`, () => {
    const found = placed({ hosts: hosts.slice(0, 2), jobs: [{ entries: first }, { entries: second }] });
    expect(found).toEqual({ 100: 'h1', 200: 'h2' });
  });

  test(`D02 ${isNamed ? 'N' : 'M'} the higher priority gets the host; among equals the earlier job does`, () => {
    const jobs = [{ entries: first }, { entries: first }, { entries: first, priority: 20 }];
    expect(placed({ hosts: [{}], jobs })).toEqual({ 300: 'h1' });
    expect(placed({ hosts: [{}], jobs: jobs.slice(0, 2) })).toEqual({ 100: 'h1' });
  });

  test(`D03 ${isNamed ? 'N' : 'M'} a host that runs a job or is locked is not given away, and a one-time host only to who names it`, () => {
    const jobs = [{ entries: first }];
    expect(placed({ hosts: [{ state: 'running' }], jobs })).toEqual({});
    expect(placed({ hosts: [out], jobs })).toEqual({});
    expect(placed({ hosts: [{ oneTime: true }], jobs })).toEqual(isNamed ? { 100: 'h1' } : {});
  });

  test(`D04 ${isNamed ? 'N' : 'M'} a host that somebody holds is not given away`, () => {
    const jobs = [{ entries: [{ state: 'ready' as const, hostId: 1 }] }, { entries: first }];
    expect(placed({ hosts: [{ state: 'ready' }], jobs })).toEqual({ 100: 'h1' });
  });

  test(`D05 ${isNamed ? 'N' : 'M'} a host of groups in which the owner is not is not given away`, () => {
    const jobs = [{ entries: first }];
    expect(placed({ hosts: [{}], jobs, groups: { 1: ['bob', 1] } })).toEqual({});
    expect(placed({ hosts: [{}], jobs, groups: { 1: ['bob', 1], 2: ['anna', 1] } })).toEqual({ 100: 'h1' });
    expect(placed({ hosts: [{}], jobs, groups: { 1: ['bob', 1] }, admins: ['anna'] })).toEqual({ 100: 'h1' });
  });
});

test('D06 a one-time host asks for no group', () => {
  expect(placed({ hosts: [{ oneTime: true }], jobs: [{ entries: on(1) }], groups: { 1: ['bob', 1] } })).toEqual({
    100: 'h1',
  });
});

test('D07 a one-time host is given to who names it, whatever labels the job asks for', () => {
  expect(placed({ hosts: [{ oneTime: true }], jobs: [{ entries: on(1), needs: 'arch:x86' }] })).toEqual({ 100: 'h1' });
});

describe('a label that is only for those who need it', () => {
  const lab = { hosts: [{ labels: ['label1', 'label3'] }], onlyIfNeeded: ['label3'] };

  test('D08 keeps a host out of what does not ask for it', () => {
    expect(placed({ ...lab, jobs: [{ entries: any(1), needs: 'label1' }] })).toEqual({});
  });

  test('D09 lets a job have it that asks for it among others', () => {
    expect(placed({ ...lab, jobs: [{ entries: any(1), needs: 'label1 & label3' }] })).toEqual({ 100: 'h1' });
  });

  test('D10 lets a job have it that asks for nothing else', () => {
    expect(placed({ ...lab, jobs: [{ entries: any(1), needs: 'label3' }] })).toEqual({ 100: 'h1' });
  });

  test('does not keep away who names the host', () => {
    expect(placed({ ...lab, jobs: [{ entries: on(1) }] })).toEqual({ 100: 'h1' });
  });
});

test('D11 who names a host gets it before an older job that takes any', () => {
  expect(placed({ hosts: [{}], jobs: [{ entries: any(1) }, { entries: on(1) }] })).toEqual({ 200: 'h1' });
});

test('D17 groups get hosts of one rack each, and what is left goes to single hosts', () => {
  const jobs = [
    rack({ needs: 'rack:a' }),
    rack({ needs: 'rack:b' }),
    { entries: any(1), needs: 'rack:a' },
    { entries: any(1), needs: 'rack:a' },
  ];
  expect(placed({ hosts, jobs })).toEqual({ 100: 'h5', 101: 'h6', 200: 'h8', 201: 'h9', 300: 'h7' });
});

test('D18 a group gets only hosts that its owner may use', () => {
  expect(placed({ hosts, jobs: [rack()], groups: { 1: ['bob', 5, 6, 8] } })).toEqual({});
  expect(placed({ hosts, jobs: [rack()], groups: { 1: ['bob', 5, 8] } })).toEqual({ 100: 'h6', 101: 'h7' });
});

test('D19 a group that needs a label which no host of a rack has is not placed', () => {
  expect(placed({ hosts, jobs: [rack({ needs: 'label1' })] })).toEqual({});
});

test('D20 a group is not placed where conditions together leave too few hosts of one rack', () => {
  expect(placed({ hosts, jobs: [rack({ needs: 'rack:a & label7' })] })).toEqual({});
});

test('D21 a group takes the rack in which enough hosts fulfil its conditions', () => {
  expect(placed({ hosts, jobs: [rack({ needs: 'label7' })] })).toEqual({ 100: 'h8', 101: 'h9' });
});

test('D22 a group without conditions takes any rack that has enough hosts', () => {
  expect(placed({ hosts: without(9), jobs: [rack()] })).toEqual({ 100: 'h5', 101: 'h6' });
});

test('D23 a group takes the hosts of a rack that are left', () => {
  expect(placed({ hosts: without(5, 8), jobs: [rack()] })).toEqual({ 100: 'h6', 101: 'h7' });
});

test('D24 a group waits where no rack has enough hosts, and a single host is taken all the same', () => {
  const jobs = [rack(), { entries: any(1), needs: 'label7' }];
  expect(placed({ hosts: without(5, 6, 9), jobs })).toEqual({ 200: 'h7' });
});

test('D25 a group is not placed where all its hosts are out of service', () => {
  expect(placed({ hosts: without(5, 6, 7, 8, 9), jobs: [rack()] })).toEqual({});
});

test('D26 a group whose label expression fits no rack waits, and one that fits a rack gets its hosts', () => {
  const jobs = [rack({ needs: 'label2' }), rack({ needs: 'rack:b' })];
  expect(placed({ hosts, jobs })).toEqual({ 200: 'h8', 201: 'h9' });
});

test('D29 a group is not placed where no host has a value to share', () => {
  expect(placed({ hosts, jobs: [together(2, any(2), { sameValueOf: 'room' })] })).toEqual({});
});

test('D31 a host of a rack that is named is given to a job that asks for a rack', () => {
  expect(placed({ hosts, jobs: [together(1, on(5), { sameValueOf: 'rack' })] })).toEqual({ 100: 'h5' });
});

test('D32 hosts of different racks that are named start together', () => {
  expect(placed({ hosts, jobs: [together(2, on(5, 8), { sameValueOf: 'rack' })] })).toEqual({ 100: 'h5', 101: 'h8' });
});

test('D34 only queued entries get hosts', () => {
  const entries = [{ state: 'running' as const, hostId: 1 }, { state: 'gathering' as const, hostId: 2 }, {}];
  const plan = new Plan({ hosts: [{ state: 'running' }, { state: 'running' }, {}], jobs: [{ entries }] }).run();
  expect(plan.placed).toEqual({ 100: 'h1', 101: 'h2', 102: 'h3' });
  expect(plan.world.entries.get(102)?.state).toBe('preparing');
});

test('D35 without a ready host nothing is placed', () => {
  const states = ['verifying', 'cleaning', 'repairing', 'provisioning', 'reserved', 'running', 'repairFailed'] as const;
  expect(placed({ hosts: states.map((state) => ({ state })), jobs: [{ entries: any(9) }] })).toEqual({});
});

test('D40 where no host has the label nothing is placed', () => {
  expect(placed({ hosts, jobs: [{ entries: any(1), needs: 'label9' }] })).toEqual({});
});

describe('who chooses first', () => {
  const cases: [title: string, sketch: Sketch, expected: Record<number, string>][] = [
    [
      'a higher priority that takes any host, before a named host of lower priority',
      { hosts: [{}], jobs: [{ priority: 20, entries: any(1) }, { entries: on(1) }] },
      { 100: 'h1' },
    ],
    [
      'one after the other, while hosts last',
      { hosts: [{}, {}, {}], jobs: [{ entries: any(2) }, { entries: any(2) }] },
      { 100: 'h1', 101: 'h2', 200: 'h3' },
    ],
    ['within a job, the first entry', { hosts: [{}], jobs: [{ entries: any(2) }] }, { 100: 'h1' }],
  ];
  test.each(cases)('%s', (_, sketch, expected) => expect(placed(sketch)).toEqual(expected));
});

describe('which host can be given', () => {
  const cases: [title: string, host: NonNullable<Sketch['hosts']>[number], isGiven: boolean][] = [
    ['a ready one is', {}, true],
    ['one whose lock has run out is', { lockedBy: 'bob', lockedUntil: now - 1 }, true],
    ['one whose lock lasts is not', { lockedBy: 'bob', lockedUntil: now + 1 }, false],
    ['a draining one is not', { draining: true }, false],
    ['a quarantined one is not', { quarantineReason: 'smoke' }, false],
    ['one that is reserved for somebody else is not', { reservedBy: 'bob', reservedUntil: now + 1 }, false],
    ['one that is reserved for the owner is', { reservedBy: 'anna', reservedUntil: now + 1 }, true],
    ['one whose reservation has run out is', { reservedBy: 'bob', reservedUntil: now }, true],
  ];
  test.each(cases)('%s', (_, host, isGiven) => {
    expect(placed({ hosts: [host], jobs: [{ entries: any(1) }] })).toEqual(isGiven ? { 100: 'h1' } : {});
    expect(placed({ hosts: [host], jobs: [{ entries: on(1) }] })).toEqual(isGiven ? { 100: 'h1' } : {});
  });

  test('one with a task that somebody asked for is not', () => {
    const sketch = { hosts: [{}], jobs: [{ entries: any(1) }], tasks: [{ hostId: 1 }] };
    expect(placed(sketch)).toEqual({});
  });

  test('not to an entry that failed a moment ago', () => {
    expect(placed({ hosts: [{}], jobs: [{ entries: any(1) }], paused: ['entry:100'] })).toEqual({});
  });

  test('not for an administrator either, while somebody else has it reserved', () => {
    const reserved = [{ reservedBy: 'bob', reservedUntil: now + 1 }];
    expect(placed({ hosts: reserved, jobs: [{ entries: any(1) }], admins: ['anna'] })).toEqual({});
  });
});

describe('what a job needs', () => {
  const some = [
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
  test.each(cases)('%s', (_, control, submission, expected) => {
    const job = {
      metadata: { ...metadata, ...(control !== undefined && { needs: control }) },
      ...(submission !== undefined && { needs: submission }),
      entries: any(3),
    };
    expect(Object.values(placed({ hosts: some, jobs: [job] })).sort()).toEqual(expected);
  });

  test('holds for named hosts too', () => {
    expect(placed({ hosts: some, jobs: [{ needs: 'arch:x86', entries: on(1, 2) }] })).toEqual({ 100: 'h1' });
  });

  test('leaves hosts with more labels free, as others may need them', () => {
    const special = [{ labels: ['a', 'b'] }, { labels: ['a'] }];
    expect(placed({ hosts: special, jobs: [{ needs: 'a', entries: any(1) }] })).toEqual({ 100: 'h2' });
  });
});

describe('which of several hosts', () => {
  test('the healthiest', () => {
    const worn = [{ health: 0.4 }, { health: 0.9 }, { health: 0.6 }];
    expect(placed({ hosts: worn, jobs: [{ entries: any(2) }] })).toEqual({ 100: 'h2', 101: 'h3' });
  });

  test('one on which the entry did not fail yet, as long as there is one', () => {
    const jobs = [{ entries: [{ triedHostIds: [1] }] }];
    expect(placed({ hosts: [{}, {}], jobs })).toEqual({ 100: 'h2' });
    expect(placed({ hosts: [{}, { labels: ['x'] }], jobs })).toEqual({ 100: 'h2' });
    expect(placed({ hosts: [{}], jobs })).toEqual({ 100: 'h1' });
  });
});

test('two thousand entries get a thousand hosts, each what it asks for', () => {
  const many = Array.from({ length: 1000 }, (_, n) => ({
    labels: [`rack:${n % 50}`, n % 2 ? 'arch:x86' : 'arch:arm64'],
  }));
  const jobs = Array.from({ length: 2000 }, (_, n) => ({
    needs: `rack:${n % 50} & arch:${n % 2 ? 'x86' : 'arm64'}`,
    entries: any(1),
  }));
  expect(Object.keys(placed({ hosts: many, jobs }))).toHaveLength(1000);
});
