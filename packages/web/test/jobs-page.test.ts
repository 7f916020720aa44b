import { flushPromises } from '@vue/test-utils';
import { describe, expect, test, vi } from 'vitest';
import JobsPage from '../src/pages/jobs/JobsPage.vue';
import { mountPage, Offline } from './support/app.ts';
import { jobLine, noCounts } from './support/jobs.ts';

function pageOf(...jobs: ReturnType<typeof jobLine>[]) {
  return {
    jobs: {
      edges: jobs.map((job) => ({ cursor: job.id, node: { ...job, counts: { ...noCounts, total: 2, pass: 2 } } })),
      pageInfo: { hasNextPage: false, endCursor: null },
    },
  };
}

describe('the job list page', () => {
  test('shows that it loads', async () => {
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs: () => new Promise(() => undefined) } });
    expect(page.find('loading').exists()).toBe(true);
  });

  test('says what to do while there are no jobs', async () => {
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs: () => pageOf() } });
    expect(page.find('empty').text()).toContain('No jobs yet');
  });

  test('tells a filter that matches nothing from an empty server', async () => {
    const page = await mountPage(JobsPage, { path: '/jobs?owner=zoe', answers: { Jobs: () => pageOf() } });
    expect(page.find('empty').text()).toContain('No job matches');
  });

  test('shows why it cannot, and tries again when asked', async () => {
    const Jobs = vi
      .fn()
      .mockRejectedValueOnce(new Offline())
      .mockReturnValueOnce(pageOf(jobLine('1')));
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs } });
    expect(page.find('error').text()).toContain('cannot be reached');
    await page.find('error').find('button').trigger('click');
    await flushPromises();
    expect(page.findAll('job-row')).toHaveLength(1);
  });

  test('asks the server for what the URL says', async () => {
    const Jobs = vi.fn().mockReturnValue(pageOf());
    await mountPage(JobsPage, { path: '/jobs?owner=ana&state=running&name=disk', answers: { Jobs } });
    expect(Jobs).toHaveBeenCalledWith(
      expect.objectContaining({ owner: 'ana', state: 'running', nameContains: 'disk' }),
    );
  });

  test('puts a chosen filter into the URL and asks again', async () => {
    const Jobs = vi.fn().mockReturnValue(pageOf());
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs } });
    await page.find('filter-state').setValue('finished');
    await flushPromises();
    expect(page.router.currentRoute.value.query).toEqual({ state: 'finished' });
    expect(Jobs).toHaveBeenLastCalledWith(expect.objectContaining({ state: 'finished' }));
  });

  test('changes a row in place when an event tells of it, and asks for the list only once', async () => {
    const Jobs = vi.fn().mockReturnValue(pageOf(jobLine('2'), jobLine('1')));
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs } });
    const job = jobLine('1', { state: 'finished', outcome: 'failed' });
    await page.feed.send('AppEvents', {
      events: {
        id: '101',
        at: new Date().toISOString(),
        kind: 'entry.moved',
        jobId: '1',
        hostId: null,
        job,
        host: null,
      },
    });
    expect(page.findAll('job-row').map((row) => row.find('[data-testid="status"]').text())).toEqual([
      'queued',
      'failed',
    ]);
    expect(Jobs).toHaveBeenCalledTimes(1);
  });

  test('takes in a new job at the top', async () => {
    const page = await mountPage(JobsPage, {
      path: '/jobs',
      answers: { Jobs: () => pageOf(jobLine('1')), JobCounts: () => ({ job: { id: '2', counts: noCounts } }) },
    });
    await page.feed.send('AppEvents', {
      events: {
        id: '101',
        at: new Date().toISOString(),
        kind: 'job.submitted',
        jobId: '2',
        hostId: null,
        job: jobLine('2'),
        host: null,
      },
    });
    expect(page.findAll('job-row').map((row) => row.attributes('data-job'))).toEqual(['2', '1']);
  });

  test('shows a hostile job name as text', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const page = await mountPage(JobsPage, { path: '/jobs', answers: { Jobs: () => pageOf(jobLine('1', { name })) } });
    expect(page.find('job-row').text()).toContain(name);
    expect(page.wrapper.find('img').exists()).toBe(false);
  });
});
