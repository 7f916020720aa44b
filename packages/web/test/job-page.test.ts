import { flushPromises } from '@vue/test-utils';
import { describe, expect, test, vi } from 'vitest';
import JobPage from '../src/pages/job/JobPage.vue';
import { mountPage, Offline } from './support/app.ts';
import { entry, loadedJob } from './support/job-page.ts';
import { resultNode } from './support/results.ts';

const execution = { id: '1' };
const host = { id: '9', name: 'rack1' };
const logs = {
  execution: {
    id: '1',
    state: 'running',
    logs: [
      { path: 'debug/client.log', size: 6, modifiedAt: '2026-01-01T00:00:00Z', url: '/results/1/debug/client.log' },
    ],
  },
};

function open(job: unknown, more: object = {}, path = '/jobs/7') {
  return mountPage(JobPage, {
    path,
    props: { id: '7' },
    answers: { JobPage: () => ({ job }), ExecutionLogs: () => logs, ...more },
  });
}

function event(extra: object) {
  return {
    events: {
      id: '101',
      at: '2026-01-01T00:00:09.000Z',
      kind: 'entry.moved',
      executionId: null,
      data: {},
      job: null,
      entry: null,
      result: null,
      ...extra,
    },
  };
}

describe('the page of a job', () => {
  test('says that there is no such job', async () => {
    const page = await open(null);
    expect(page.find('empty').text()).toContain('There is no job 7');
  });

  test('shows why it cannot be read', async () => {
    const page = await mountPage(JobPage, {
      path: '/jobs/7',
      props: { id: '7' },
      answers: { JobPage: () => Promise.reject(new Offline()) },
    });
    expect(page.find('error').exists()).toBe(true);
  });

  test('says why an entry waits', async () => {
    const page = await open(
      loadedJob({ entries: [entry({ waiting: { code: 'AT_WAIT_BUSY', message: 'rack1 runs job 5' } })] }),
    );
    expect(page.find('waiting').text()).toContain('rack1 runs job 5');
  });

  test('says more on why an entry waits to whoever asks, and again when the reason changes', async () => {
    const told = {
      code: 'hosts',
      message: 'rack1 is running job 5',
      position: 3,
      queueLength: 10_001,
      expectedAt: '2020-01-01T00:00:00.000Z',
      constraints: [{ needs: 'gpu', nearest: [{ host: 'rack1', lacks: 'is running job 5' }] }],
      unblock: ['one of 2 hosts is free'],
    };
    let asked = 0;
    const answers = [
      told,
      { ...told, position: null, constraints: [], unblock: [], message: 'rack1 is locked by bob' },
      null,
    ];
    const page = await open(
      loadedJob({ entries: [entry({ waiting: { code: 'hosts', message: 'rack1 is running job 5' } })] }),
      { EntryWhy: () => ({ job: { id: '7', entries: [{ id: '70', why: answers[asked++] }] } }) },
    );
    expect(page.find('why').exists()).toBe(false);
    await page.find('why-toggle').trigger('click');
    await flushPromises();
    const first = page.find('why').text();
    expect(first).toContain('3 of 10000+ in line');
    expect(first).toContain('Needs gpurack1 is running job 5');
    expect(first).toContain('one of 2 hosts is free');
    const now = entry({ waiting: { code: 'hosts', message: 'rack1 is locked' } });
    await page.feed.send('JobEvents', event({ kind: 'entry.waiting', entry: now }));
    await flushPromises();
    expect(page.find('why').text()).toMatch(/^rack1 is locked by bob hosts/);
    expect(page.find('why').text()).not.toContain('in line');
    expect(asked).toBe(2);
  });

  test('shows the cause of an entry that the lab failed', async () => {
    const cause = { code: 'AT_HOST_LOST', message: 'rack1 did not answer' };
    const page = await open(
      loadedJob({
        state: 'finished',
        outcome: 'error',
        entries: [entry({ state: 'finished', outcome: 'error', host, cause })],
      }),
    );
    expect(page.find('cause').text()).toContain('rack1 did not answer');
    expect(page.find('job-head').attributes('data-outcome')).toBe('error');
  });

  test('follows events behind the cursor that was taken before the page was read', async () => {
    const page = await open(loadedJob());
    expect(page.feed.started).toContainEqual({ name: 'JobEvents', variables: { after: '100', jobId: '7' } });
  });

  test('moves entries and grows the tree as events come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const page = await open(loadedJob());
      await page.feed.send('JobEvents', event({ entry: entry({ state: 'running', host, execution }) }));
      await page.feed.send(
        'JobEvents',
        event({ id: '102', kind: 'result.node', result: resultNode('5', null, null, { name: 'sleep' }) }),
      );
      await vi.advanceTimersByTimeAsync(50);
      expect(page.find('entry').attributes('data-state')).toBe('running');
      expect(
        page.findAll('result').map((row) => [row.attributes('data-name'), row.attributes('data-outcome')]),
      ).toEqual([['sleep', 'running']]);
      await page.feed.send(
        'JobEvents',
        event({
          id: '103',
          kind: 'result.node',
          result: resultNode('5', null, 'fail', { name: 'sleep', reason: 'woke up early' }),
        }),
      );
      await vi.advanceTimersByTimeAsync(50);
      expect(page.find('result').text()).toContain('woke up early');
    } finally {
      vi.useRealTimers();
    }
  });

  test('shows what an execution is busy with', async () => {
    const page = await open(loadedJob({ entries: [entry({ state: 'running', host, execution })] }));
    await page.feed.send(
      'JobEvents',
      event({ kind: 'execution.progress', executionId: '1', data: { phase: 'installing', message: 'client' } }),
    );
    expect(page.find('entry').text()).toContain('installing: client');
  });

  test('opens the detail of a result that is selected and puts it into the URL', async () => {
    const job = loadedJob({
      results: [resultNode('5', null, 'fail', { name: 'disk', reason: 'line one\nline <b>two</b>' })],
    });
    const page = await open(job);
    await page.find('result').trigger('click');
    await flushPromises();
    expect(page.router.currentRoute.value.query['node']).toBe('5');
    expect(page.find('node-detail').find('pre').text()).toBe('line one\nline <b>two</b>');
  });

  test('lists metrics with their spread', async () => {
    const metrics = [1, 3].map((value, index) => ({
      iteration: index + 1,
      name: 'rate',
      value,
      unit: 'MB/s',
      direction: 'higher' as const,
    }));
    const page = await open(
      loadedJob({ results: [resultNode('5', null, 'pass', { metrics })] }),
      {},
      '/jobs/7?tab=metrics',
    );
    expect(
      page
        .find('metric')
        .findAll('td')
        .map((cell) => cell.text()),
    ).toEqual(['5', 'rate ↑', '2', '1', '2', '3', 'MB/s', '']);
  });

  test('aborts only after asking, and with the reason given', async () => {
    const AbortJob = vi.fn().mockReturnValue({ abortJob: { entries: 1, job: loadedJob() } });
    const page = await open(loadedJob(), { AbortJob });
    await page.find('abort').find('button').trigger('click');
    expect(AbortJob).not.toHaveBeenCalled();
    await page.find('abort').find('input').setValue('wrong kernel');
    await page.find('abort').find('form').trigger('submit');
    await flushPromises();
    expect(AbortJob).toHaveBeenCalledWith({ id: '7', reason: 'wrong kernel' });
  });

  test('offers no abort of a job that is over', async () => {
    const page = await open(loadedJob({ state: 'finished', outcome: 'passed' }));
    expect(page.find('abort').exists()).toBe(false);
  });
});
