import { describe, expect, it } from 'vitest';
import { formatWhy, type WhyJob } from '../src/output/why.ts';

const now = Date.parse('2030-01-01T12:00:00Z');
type Entry = WhyJob['entries'][number];

const hosts = {
  code: 'hosts',
  message: 'needs gpu; h1 is running job 3',
  position: 10_001,
  queueLength: 10_001,
  expectedAt: '2030-01-01T12:04:10Z',
  constraints: [
    {
      needs: 'gpu',
      count: 2,
      nearest: [
        { host: 'h1', lacks: 'is running job 3' },
        { host: 'h2', lacks: 'is locked by bob' },
      ],
    },
  ],
  unblock: ['one of 2 hosts is free', 'h3 gets gpu'],
  since: '2030-01-01T11:59:00Z',
  waitsFor: [],
} satisfies Entry['why'];

function entry(index: number, why: Entry['why'], state: Entry['state'] = 'queued'): Entry {
  return { id: `${index}`, index, state, outcome: null, queuedAt: '2030-01-01T11:00:00Z', host: null, why };
}

function job(entries: Entry[], state: WhyJob['state'] = 'queued'): WhyJob {
  return { id: '7', name: 'disk', state, outcome: null, entries };
}

describe('why a job does not run, for people', () => {
  it('has message, place, times, a table of constraints and what would help', () => {
    expect(
      formatWhy(job([entry(0, hosts)]), now)
        .replaceAll(/\(2030-[^)]*\)/g, '(AT)')
        .split('\n'),
    ).toEqual([
      'Job 7 disk: queued',
      '',
      'Entry 0 (any fitting host): queued: needs gpu; h1 is running job 3 [hosts]',
      '  since     1 min ago (AT)',
      '  position  10000+ of 10000+ that wait for the same (fair share may change the order)',
      '  expected  in 4 min 10 s (AT)',
      '',
      '  NEEDS  HOSTS  NEAREST  WHAT IT LACKS',
      '  gpu        2  h1       is running job 3',
      '                h2       is locked by bob',
      '',
      '  It goes on when one of these happens:',
      '  - one of 2 hosts is free',
      '  - h3 gets gpu',
    ]);
  });

  it('says the same once for all entries that wait for it', () => {
    const text = formatWhy(job([0, 1, 2, 3, 4].map((index) => entry(index, { ...hosts, position: 5 - index }))), now);
    expect(text.match(/h1 is running job 3 /g)).toHaveLength(1);
    expect(text).toContain(
      'Entries 0 (any fitting host), 1 (any fitting host), 2 (any fitting host) and 2 more: queued: needs gpu',
    );
    expect(text).toContain('position  1 of 10000+');
  });

  it('leaves out what is not known', () => {
    const why = {
      ...hosts,
      position: null,
      queueLength: null,
      expectedAt: null,
      since: null,
      constraints: [],
      unblock: [],
    };
    expect(
      formatWhy(job([entry(0, why)]), now)
        .split('\n')
        .slice(2),
    ).toEqual(['Entry 0 (any fitting host): queued: needs gpu; h1 is running job 3 [hosts]']);
  });

  it('says so when nothing waits', () => {
    expect(formatWhy(job([entry(0, null, 'running')], 'running'), now)).toBe(
      'Job 7 disk: running. It waits for nothing: it runs.',
    );
  });

  it('lets no control character through to the terminal', () => {
    const evil = '\u001b]0;x\u0007';
    const why = { ...hosts, message: evil, unblock: [evil], constraints: [{ needs: evil, count: null, nearest: [] }] };
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(formatWhy(job([entry(0, why)]), now)).not.toMatch(/[\u0007\u001b]/);
  });
});
