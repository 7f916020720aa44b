import { describe, expect, test } from 'vitest';
import { JobDocument, type SubmitJobInput } from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startWithHosts } from '../support/with-hosts.ts';

const source = controlSource();
const racks = { h1: ['rack:7', 'fast'], h2: ['rack:7'], h3: ['rack:8', 'fast'] };

describe('the wishes of a submission', () => {
  test('are stored and shown as they were said', async () => {
    const { submit, api } = await startWithHosts(racks);
    await submit({ source });
    const wishes = {
      retries: 2,
      infraRetries: 0,
      idleTimeout: 600_000,
      sameValueOf: 'rack',
      provision: 'debian-12',
      reserveOn: 'failure',
      reserveFor: 7_200_000,
      pool: 'lab-1',
    } as const;
    expect(await submit({ source, ...wishes, after: [{ job: '1', when: 'finished' }] })).toMatchObject({
      __typename: 'SubmitJobSuccess',
    });
    expect((await api.request(JobDocument, { id: '2' })).job).toMatchObject({
      ...wishes,
      account: 'ada',
      after: [{ when: 'finished', job: { id: '1', name: 'hello', state: 'queued' } }],
      suite: null,
      recurringId: null,
    });
  });

  test('are those of the control file where nothing is said, and few otherwise', async () => {
    const { submit, database } = await startWithHosts(racks);
    await submit({ source });
    expect(await database.jobs.byId(1)).toMatchObject({
      retries: 0,
      infraRetries: 1,
      idleTimeoutMs: 0,
      reserveOn: 'never',
    });
    const wishing = controlSource("retries: 3, infraRetries: 2, idleTimeout: '5 minutes', sameValueOf: 'rack',");
    await submit({ source: wishing });
    const ofFile = { retries: 3, infraRetries: 2, idleTimeoutMs: 300_000, sameValueOf: 'rack' };
    expect(await database.jobs.byId(2)).toMatchObject(ofFile);
    await submit({ source: wishing, retries: 0, idleTimeout: 0 });
    expect(await database.jobs.byId(3)).toMatchObject({ ...ofFile, retries: 0, idleTimeoutMs: 0 });
  });

  test('name hosts that are registered for the job alone', async () => {
    const { submit, api, database } = await startWithHosts({});
    expect(await submit({ source, oneTimeHosts: [{ address: 'box', port: 2222 }] })).toMatchObject({
      __typename: 'SubmitJobSuccess',
      job: { entries: [{ host: { name: 'box' } }] },
    });
    const { job } = await api.request(JobDocument, { id: '1' });
    expect(job?.entries[0]?.host).toMatchObject({ address: 'box', port: 2222, user: 'root', oneTime: true });
    // They are nobody else's, and do not count where hosts are chosen.
    expect(await submit({ source, hosts: ['box'] })).toMatchObject({
      message: expect.stringContaining('one job only'),
    });
    expect(await submit({ source })).toMatchObject({ __typename: 'HostsUnavailable' });
    expect(await database.jobs.list({ first: 9 })).toHaveLength(1);
  });
});

describe('a wish is refused in words', () => {
  const refusals: readonly (readonly [string, SubmitJobInput, string, RegExp])[] = [
    ['for eleven retries', { retries: 11 }, 'AT_INPUT_INVALID', /retries is 11; give a number from 0 to 10/],
    ['for minus one retry', { infraRetries: -1 }, 'AT_INPUT_INVALID', /infraRetries is -1/],
    ['for an idle time in seconds', { idleTimeout: 90 }, 'AT_INPUT_INVALID', /milliseconds/],
    ['for the same value of a label', { sameValueOf: 'rack:7' }, 'AT_INPUT_INVALID', /key of a label/],
    ['for the same value of what no host has', { sameValueOf: 'row' }, 'AT_HOSTS_UNAVAILABLE', /no host that fits/],
    [
      'for more hosts of one rack than one has',
      { source: controlSource('syncCount: 3,', 'server'), sameValueOf: 'rack' },
      'AT_HOSTS_UNAVAILABLE',
      /3 hosts with the same rack, but at most 2/,
    ],
    [
      'for named hosts of two racks',
      { source: controlSource('syncCount: 2,', 'server'), hosts: ['h1', 'h3'], sameValueOf: 'rack' },
      'AT_HOSTS_UNAVAILABLE',
      /2 hosts with the same rack, but at most 1/,
    ],
    ['for a pool with a strange name', { pool: 'a b' }, 'AT_INPUT_INVALID', /pool must be made of/],
    ['for an image of two lines', { provision: 'a\nb' }, 'AT_INPUT_INVALID', /printable/],
    ['to keep hosts without a time', { reserveOn: 'always' }, 'AT_INPUT_INVALID', /how long/],
    ['to keep hosts without an occasion', { reserveFor: 60_000 }, 'AT_INPUT_INVALID', /when you want to keep/],
    [
      'to keep hosts for ever',
      { reserveOn: 'failure', reserveFor: 31 * 86_400_000 },
      'AT_INPUT_INVALID',
      /at most 30 days/,
    ],
    ['to wait for what is no job', { after: [{ job: 'x' }] }, 'AT_INPUT_INVALID', /"x" is no job/],
    ['to wait for a job that does not exist', { after: [{ job: '99' }] }, 'AT_DEPENDENCY', /no job 99/],
    ['to wait for a job twice', { after: [{ job: '99' }, { job: '99' }] }, 'AT_INPUT_INVALID', /named twice/],
    [
      'to wait for hundreds',
      { after: Array.from({ length: 101 }, (_, n) => ({ job: String(n + 1) })) },
      'AT_INPUT_INVALID',
      /more than the 100/,
    ],
    [
      'for a one-time host that is registered',
      { oneTimeHosts: [{ address: 'h1' }] },
      'AT_HOST_TAKEN',
      /host "h1" already/,
    ],
    [
      'for a one-time host of no name',
      { oneTimeHosts: [{ address: 'a b' }] },
      'AT_INPUT_INVALID',
      /"a b": The address/,
    ],
    [
      'for a one-time host twice',
      { oneTimeHosts: [{ address: 'a' }, { address: 'a', port: 1 }] },
      'AT_INPUT_INVALID',
      /twice/,
    ],
  ];

  test.for(refusals)('%s', async ([, input, code, words]) => {
    const { submit, database } = await startWithHosts(racks);
    const before = await database.events.latestId();
    expect(await submit({ source, ...input })).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(await database.events.latestId()).toBe(before);
    expect(await database.jobs.list({ first: 1 })).toEqual([]);
  });
});
