import { describe, expect, test } from 'vitest';
import { effect } from 'vue';
import { JobList } from '../src/pages/jobs/job-list.ts';
import { jobLine, noCounts } from './support/jobs.ts';

function page(...ids: string[]) {
  return ids.map((id) => ({ ...jobLine(id), counts: noCounts }));
}

describe('the job list', () => {
  test('puts a new job in front', () => {
    const list = new JobList({});
    list.addPage(page('2', '1'));
    list.takeJob(jobLine('3'));
    expect([...list.order]).toEqual(['3', '2', '1']);
    expect(list.rows.get('3')?.isNew).toBe(true);
  });

  test('applies what happened while the first page was on its way', () => {
    const list = new JobList({});
    list.takeJob(jobLine('2', { state: 'running' }));
    list.takeJob(jobLine('3'));
    list.addPage(page('2', '1'));
    expect([...list.order]).toEqual(['3', '2', '1']);
    expect(list.rows.get('2')?.job.state).toBe('running');
  });

  test('leaves out new jobs that do not match, and keeps rows that no longer do', () => {
    const list = new JobList({ owner: 'ana', state: 'queued' });
    list.addPage(page('1'));
    list.takeJob(jobLine('2', { owner: 'ben' }));
    list.takeJob(jobLine('1', { state: 'running' }));
    expect([...list.order]).toEqual(['1']);
    expect(list.rows.get('1')?.job.state).toBe('running');
  });

  test('does not take an old job that is further down for a new one', () => {
    const list = new JobList({});
    list.addPage(page('10', '9'));
    list.takeJob(jobLine('3', { state: 'finished' }));
    expect([...list.order]).toEqual(['10', '9']);
  });

  test('adds further pages behind, each job once', () => {
    const list = new JobList({});
    list.addPage(page('4', '3'));
    list.addPage(page('3', '2', '1'));
    expect([...list.order]).toEqual(['4', '3', '2', '1']);
  });

  test('draws only the row of the job that changed', () => {
    const list = new JobList({});
    list.addPage(page('2', '1'));
    const drawn: string[] = [];
    for (const id of ['1', '2']) {
      effect(() => {
        drawn.push(`${id} ${list.rows.get(id)?.job.state}`);
      });
    }
    drawn.length = 0;
    list.takeJob(jobLine('1', { state: 'running' }));
    expect(drawn).toEqual(['1 running']);
  });
});
