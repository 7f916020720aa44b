import { describe, expect, test } from 'vitest';
import {
  AddRecurringDocument,
  JobDocument,
  RecurringDocument,
  RecurringJobsDocument,
  RemoveRecurringDocument,
  RunRecurringDocument,
  UpdateRecurringDocument,
  type AddRecurringInput,
  type UpdateRecurringInput,
} from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startWithHosts } from '../support/with-hosts.ts';

const job = { source: controlSource(), hosts: ['h1'], keyvals: { build: '1' } };
const schedule = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };

async function start() {
  const server = await startWithHosts();
  const add = async (input: AddRecurringInput) =>
    (await server.api.request(AddRecurringDocument, { input })).addRecurring;
  return { ...server, add };
}

describe('a recurring job', () => {
  test('is added, shown and submitted when its time comes', async () => {
    const { add, api, database } = await start();
    expect(await add({ job, schedule, times: 3, startAt: '2040-01-01T00:00:00Z' })).toMatchObject({
      __typename: 'RecurringSuccess',
      recurring: { id: '1', name: 'hello', owner: 'ada', enabled: true, ...schedule, every: null, missed: 'once' },
    });
    const { recurring } = await api.request(RecurringDocument, { id: '1' });
    expect(recurring).toMatchObject({
      nextAt: '2040-01-01T01:30:00.000Z',
      remaining: 3,
      control: { fileName: 'control.ts' },
      job: { hosts: ['h1'], keyvals: { build: '1' } },
    });
    await database.recurring.claimDue(Date.parse('2040-01-01T01:30:00Z'));
    expect((await api.request(JobDocument, { id: '1' })).job).toMatchObject({
      owner: 'ada',
      keyvals: { build: '1' },
      recurringId: '1',
      entries: [{ host: { name: 'h1' } }],
    });
    const { recurringJobs } = await api.request(RecurringJobsDocument, {});
    expect(recurringJobs.edges.map(({ node }) => node)).toMatchObject([
      { remaining: 2, lastJob: { id: '1', state: 'queued' }, nextAt: '2040-01-02T01:30:00.000Z' },
    ]);
    expect((await api.request(RecurringJobsDocument, { owner: 'bob' })).recurringJobs.edges).toEqual([]);
  });

  test('is paused, changed, run at once and removed', async () => {
    const { add, api, database } = await start();
    await add({ job, schedule });
    const change = async (input: UpdateRecurringInput) =>
      (await api.request(UpdateRecurringDocument, { id: '1', input })).updateRecurring;
    expect(await change({ enabled: false })).toMatchObject({ recurring: { enabled: false, nextAt: null } });
    expect(await change({ enabled: true, schedule: { every: 60_000 }, name: 'often', missed: 'skip' })).toMatchObject({
      recurring: {
        enabled: true,
        cron: null,
        every: 60_000,
        name: 'often',
        missed: 'skip',
        nextAt: expect.any(String),
      },
    });
    expect(await change({ schedule: { cron: 'x' } })).toMatchObject({ code: 'AT_SCHEDULE' });
    expect(await change({ schedule: {} })).toMatchObject({ code: 'AT_INPUT_INVALID' });
    expect((await api.request(RunRecurringDocument, { id: '1' })).runRecurring).toMatchObject({ job: { id: '1' } });
    expect((await api.request(RemoveRecurringDocument, { id: '1' })).removeRecurring).toBe(true);
    expect((await api.request(RecurringDocument, { id: '1' })).recurring).toBeNull();
    await expect(api.request(RunRecurringDocument, { id: '1' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    expect(await database.jobs.byId(1)).toMatchObject({ recurringId: 1 });
  });

  test.for<[string, AddRecurringInput, string, RegExp]>([
    ['without a schedule', { job, schedule: {} }, 'AT_INPUT_INVALID', /Say when it recurs/],
    ['with two schedules', { job, schedule: { ...schedule, every: 60_000 } }, 'AT_INPUT_INVALID', /not both/],
    ['with a time zone alone', { job, schedule: { timezone: 'UTC' } }, 'AT_INPUT_INVALID', /belongs to a cron/],
    ['with a cron expression that is none', { job, schedule: { cron: '* *' } }, 'AT_SCHEDULE', /cannot be read/],
    ['at a time that never comes', { job, schedule: { cron: '0 0 31 2 *' } }, 'AT_SCHEDULE', /never comes/],
    ['in a time zone that is none', { job, schedule: { ...schedule, timezone: 'X/Y' } }, 'AT_SCHEDULE', /no time zone/],
    ['many times a second', { job, schedule: { every: 10 } }, 'AT_SCHEDULE', /from a second/],
    ['no times', { job, schedule, times: 0 }, 'AT_SCHEDULE', /cannot recur 0 times/],
    ['of a job that is refused', { job: { ...job, hosts: ['h9'] }, schedule }, 'AT_INPUT_INVALID', /no host "h9"/],
    ['with a requestId', { job: { ...job, requestId: 'x' }, schedule }, 'AT_INPUT_INVALID', /of one job/],
    [
      'on a one-time host',
      { job: { ...job, oneTimeHosts: [{ address: 'box' }] }, schedule },
      'AT_INPUT_INVALID',
      /for one job only/,
    ],
  ])('is refused %s', async ([, input, code, words]) => {
    const { add, database } = await start();
    expect(await add(input)).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(await database.recurring.list({ first: 1 })).toEqual([]);
  });
});
