import { describe, expect, test } from 'vitest';
import {
  AbortSuiteDocument,
  CreateSuiteDocument,
  JobDocument,
  SuiteDocument,
  SuitesDocument,
  type CreateSuiteInput,
} from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startWithHosts } from '../support/with-hosts.ts';

const job = { source: controlSource() };

async function start() {
  const server = await startWithHosts();
  const create = async (input: CreateSuiteInput) =>
    (await server.api.request(CreateSuiteDocument, { input })).createSuite;
  return { ...server, create };
}

describe('a suite', () => {
  test('is submitted whole, its jobs waiting for each other by key or position', async () => {
    const { create, api, submit } = await start();
    await submit(job);
    const created = await create({
      name: 'nightly',
      jobs: [
        { key: 'report', job: { ...job, name: 'report' }, afterSiblings: [{ sibling: 'test', when: 'finished' }] },
        { key: 'test', job: { ...job, name: 'test', after: [{ job: '1' }] }, afterSiblings: [{ sibling: '2' }] },
        { job: { ...job, name: 'build' } },
      ],
    });
    expect(created).toMatchObject({ __typename: 'CreateSuiteSuccess', repeated: false });
    const { suite } = await api.request(SuiteDocument, { id: '1' });
    expect(suite).toMatchObject({ name: 'nightly', owner: 'ada', jobCount: 3, finishedCount: 0, worstOutcome: null });
    expect(
      suite?.jobs.map(({ id, name, after }) => [id, name, after.map((one) => `${one.job.id}:${one.when}`)]),
    ).toEqual([
      ['2', 'build', []],
      ['3', 'test', ['1:passed', '2:passed']],
      ['4', 'report', ['3:finished']],
    ]);
    expect((await api.request(JobDocument, { id: '3' })).job?.suite).toEqual({ id: '1', name: 'nightly' });
    expect((await api.request(SuitesDocument, {})).suites.edges.map(({ node }) => node.id)).toEqual(['1']);
    expect((await api.request(SuitesDocument, { owner: 'bob' })).suites.edges).toEqual([]);
    expect((await api.request(SuiteDocument, { id: '9' })).suite).toBeNull();
  });

  test('repeated with its requestId is the same suite', async () => {
    const { create, database } = await start();
    const input = { name: 's', jobs: [{ job }, { job }], requestId: 'build-17' };
    expect(await create(input)).toMatchObject({ repeated: false, suite: { id: '1' } });
    expect(await create(input)).toMatchObject({ repeated: true, suite: { id: '1' } });
    expect(await database.jobs.list({ first: 9 })).toHaveLength(2);
  });

  test('is aborted with all its jobs', async () => {
    const { create, api, database } = await start();
    await create({ name: 's', jobs: [{ job }, { job }] });
    expect((await api.request(AbortSuiteDocument, { id: '1', reason: 'no need' })).abortSuite.entries).toBe(2);
    expect(await database.jobs.byId(2)).toMatchObject({ abortedBy: 'ada', abortReason: 'no need' });
    await expect(api.request(AbortSuiteDocument, { id: '9' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  test.for<[string, CreateSuiteInput, string, RegExp, string[]]>([
    ['without jobs', { name: 's', jobs: [] }, 'AT_INPUT_INVALID', /0 jobs; give 1 to 100/, ['input', 'jobs']],
    ['without a name', { name: ' ', jobs: [{ job }] }, 'AT_INPUT_INVALID', /name must have/, ['input', 'name']],
    [
      'with a job that cannot be taken',
      { name: 's', jobs: [{ job }, { key: 'bad', job: { ...job, hosts: ['h9'] } }] },
      'AT_INPUT_INVALID',
      /Job bad of the suite: There is no host "h9"/,
      ['input', 'jobs', '1', 'job', 'hosts'],
    ],
    [
      'with a control file that cannot be read',
      { name: 's', jobs: [{ job: { source: 'nonsense(' } }] },
      'AT_CONTROL_INVALID',
      /Job 0 of the suite/,
      ['input', 'jobs', '0', 'job', 'source'],
    ],
    [
      'with a job after one that it has not',
      { name: 's', jobs: [{ key: 'a', job, afterSiblings: [{ sibling: 'b' }] }] },
      'AT_INPUT_INVALID',
      /no job "b"; it has a/,
      ['input', 'jobs'],
    ],
    [
      'with jobs that wait for each other',
      {
        name: 's',
        jobs: [
          { key: 'a', job, afterSiblings: [{ sibling: 'b' }] },
          { key: 'b', job, afterSiblings: [{ sibling: 'a' }] },
        ],
      },
      'AT_DEPENDENCY',
      /wait for each other/,
      ['input', 'after'],
    ],
    [
      'with a key twice',
      {
        name: 's',
        jobs: [
          { key: 'a', job },
          { key: 'a', job },
        ],
      },
      'AT_INPUT_INVALID',
      /Two jobs.*"a"/,
      ['input', 'jobs'],
    ],
  ])('%s is refused, and nothing of it is submitted', async ([, input, code, words, path]) => {
    const { create, database } = await start();
    expect(await create(input)).toMatchObject({ code, message: expect.stringMatching(words), path });
    expect(await database.jobs.list({ first: 1 })).toEqual([]);
    expect(await database.suites.list({ first: 1 })).toEqual([]);
  });
});
