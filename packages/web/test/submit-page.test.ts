import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import SubmitPage from '../src/pages/submit/SubmitPage.vue';
import { mountPage, type Answers, type MountedPage } from './support/app.ts';

const metadata = {
  name: 'hello',
  author: 'a',
  doc: 'Says hello.',
  type: 'client',
  params: { times: { type: 'number', default: 5, max: 9 } },
};
const hosts = { hosts: { edges: [], pageInfo: { hasNextPage: false, endCursor: null } } };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(500);
  await flushPromises();
}

async function open(answers: Answers = {}): Promise<MountedPage> {
  const page = await mountPage(SubmitPage, {
    path: '/submit',
    answers: {
      Hosts: () => hosts,
      ValidateControl: () => ({ validateControl: { metadata, problems: [] } }),
      ...answers,
    },
  });
  await settle();
  return page;
}

async function submit(page: MountedPage): Promise<void> {
  await page.wrapper.find('form').trigger('submit');
  await flushPromises();
}

describe('the page for submitting', () => {
  test('makes fields of the control file’s parameters', async () => {
    const page = await open();
    expect(page.find('param-times').attributes('placeholder')).toBe('5');
  });

  test('shows problems of the control file with their places, a moment after the typing', async () => {
    const problem = { line: 3, column: 7, message: '`name` must be a literal.', remedy: 'Write the text itself.' };
    const ValidateControl = vi.fn().mockReturnValue({ validateControl: { metadata: null, problems: [problem] } });
    const page = await open({ ValidateControl });
    expect(page.find('problems').text()).toContain('3:7');
    expect(page.find('problems').text()).toContain('must be a literal');
    expect(page.find('submit').attributes('disabled')).toBeDefined();
    ValidateControl.mockClear();
    await page.find('source').setValue('a');
    await page.find('source').setValue('ab');
    await settle();
    expect(ValidateControl).toHaveBeenCalledTimes(1);
  });

  test('submits what was filled in and goes to the job', async () => {
    const SubmitJob = vi
      .fn()
      .mockReturnValue({ submitJob: { __typename: 'SubmitJobSuccess', repeated: false, job: { id: '12' } } });
    const page = await open({ SubmitJob });
    await page.find('param-times').setValue('3');
    await page.find('needs').setValue('arch:arm64');
    await submit(page);
    expect(SubmitJob).toHaveBeenCalledWith({
      input: expect.objectContaining({ params: { times: 3 }, anyHosts: 1, needs: 'arch:arm64' }),
    });
    expect(page.router.currentRoute.value.fullPath).toBe('/jobs/12');
  });

  test('repeats a try with the same request, and makes a new one of what was changed', async () => {
    const ids: unknown[] = [];
    const SubmitJob = vi.fn((variables: unknown) => {
      ids.push(JSON.stringify(variables).match(/"requestId":"([^"]+)"/)?.[1]);
      return Promise.reject(new Error('the answer was lost'));
    });
    const page = await open({ SubmitJob });
    await submit(page);
    await submit(page);
    await page.find('param-times').setValue('4');
    await submit(page);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test('does not send arguments that cannot be right', async () => {
    const SubmitJob = vi.fn();
    const page = await open({ SubmitJob });
    await page.find('param-times').setValue('99');
    await submit(page);
    expect(SubmitJob).not.toHaveBeenCalled();
    expect(page.wrapper.text()).toContain('At most 9.');
  });

  test('names the hosts that nearly match next to the choice of hosts', async () => {
    const refused = {
      __typename: 'HostsUnavailable',
      code: 'AT_HOSTS_UNAVAILABLE',
      message: 'No host can.',
      path: null,
      nearest: [{ host: 'rack1', unmet: ['arch:arm64'] }],
    };
    const page = await open({ SubmitJob: () => ({ submitJob: refused }) });
    await submit(page);
    const section = page.wrapper.find('section[aria-label="Hosts"]');
    expect(section.text()).toContain('rack1');
    expect(section.text()).toContain('arch:arm64');
  });
});
