import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import LogViewer from '../src/pages/job/log/LogViewer.vue';
import { mountPage, type MountedPage } from './support/app.ts';

const mib = 1024 * 1024;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(props: { sizeBytes?: number; line?: number } = {}, answers = {}): Promise<MountedPage> {
  return mountPage(LogViewer, {
    path: '/jobs/7',
    answers,
    props: { executionId: '1', path: 'debug/client.log', sizeBytes: 10, rawUrl: '/raw', line: Number.NaN, ...props },
  });
}

async function send(page: MountedPage, offset: number, text: string, end = false): Promise<void> {
  await page.feed.send('LogTail', {
    logTail: { path: 'debug/client.log', offset, nextOffset: offset + text.length, text, end },
  });
  await vi.advanceTimersByTimeAsync(60);
  await flushPromises();
}

function shown(page: MountedPage): string[] {
  return page.findAll('log-line').map((line) => line.find('.text').text());
}

/** What the browser does to the list when the user turns the wheel up. */
async function scrollUp(page: MountedPage): Promise<void> {
  const box = page.wrapper.find('.lines');
  const element = box.element;
  Object.defineProperty(element, 'scrollHeight', { configurable: true, value: 5000 });
  Object.defineProperty(element, 'clientHeight', { configurable: true, value: 400 });
  element.scrollTop = 4600;
  await box.trigger('scroll');
  element.scrollTop = 2000;
  await box.trigger('scroll');
}

describe('the log viewer', () => {
  test('shows the past, then what is added', async () => {
    const page = await open();
    await send(page, 0, 'one\ntwo\n');
    await send(page, 8, 'three\n');
    expect(shown(page)).toEqual(['one', 'two', 'three']);
  });

  test('goes on at the byte where the connection broke', async () => {
    const page = await open();
    await send(page, 0, 'one\ntw');
    await page.feed.end('LogTail', new Error('the connection broke'));
    await vi.advanceTimersByTimeAsync(1000);
    const starts = page.feed.started
      .filter(({ name }) => name === 'LogTail')
      .map(({ variables }) => variables['offset']);
    expect(starts).toEqual([0, 6]);
    await send(page, 6, 'o\n');
    expect(shown(page)).toEqual(['one', 'two']);
  });

  test('says at the end how many lines there are, and stops following', async () => {
    const page = await open();
    await send(page, 0, 'one\ntwo\n', true);
    expect(page.find('log-ended').text()).toBe('2 lines');
    expect(page.find('follow').exists()).toBe(false);
  });

  test('counts new lines below once the user has scrolled up, and jumps to them', async () => {
    const page = await open();
    await send(page, 0, 'line\n'.repeat(200));
    expect(page.find('follow').attributes('aria-pressed')).toBe('true');
    await scrollUp(page);
    expect(page.find('follow').attributes('aria-pressed')).toBe('false');
    await send(page, 1000, 'new\n'.repeat(3));
    expect(page.find('new-lines').text()).toBe('↓ 3 new lines');
    await page.find('new-lines').trigger('click');
    expect(page.find('new-lines').exists()).toBe(false);
    expect(page.find('follow').attributes('aria-pressed')).toBe('true');
  });

  test('draws only what is seen of a hundred thousand lines', async () => {
    const page = await open();
    await send(page, 0, 'line\n'.repeat(100_000));
    expect(page.findAll('log-line').length).toBeLessThan(200);
  });

  test('begins near the end of a long log and reads back on demand', async () => {
    const start = 10 * mib - 512 * 1024;
    const ReadFile = vi.fn(({ offset }: Record<string, unknown>) => {
      const text = 'earlier\n';
      return {
        execution: { id: '1', readFile: { path: 'debug/client.log', offset, nextOffset: start, text, end: false } },
      };
    });
    const page = await open({ sizeBytes: 10 * mib }, { ReadFile });
    expect(page.feed.started).toContainEqual({
      name: 'LogTail',
      variables: { executionId: '1', path: 'debug/client.log', offset: start },
    });
    await send(page, start, 'late\n');
    expect(shown(page)).toEqual(['late']);
    const load = page.wrapper.findAll('button').find((button) => button.text() === 'Load earlier lines');
    await load?.trigger('click');
    await flushPromises();
    expect(shown(page)).toEqual(['earlier', 'late']);
    expect(ReadFile).toHaveBeenCalledWith(expect.objectContaining({ offset: start - 512 * 1024, length: 512 * 1024 }));
  });

  test('finds text and counts the matches', async () => {
    const page = await open();
    await send(page, 0, 'an Error\nfine\nerror again\n');
    await page.find('log-search').setValue('error');
    expect(page.find('log-hits').text()).toBe('1 of 2');
    expect(page.wrapper.findAll('mark').map((mark) => mark.text())).toEqual(['Error', 'error']);
    await page.find('log-search').trigger('keydown', { key: 'Enter' });
    expect(page.find('log-hits').text()).toBe('2 of 2');
  });

  test('shows markup of a log line as text', async () => {
    const page = await open();
    await send(page, 0, '<script>alert(1)</script>\n');
    expect(shown(page)).toEqual(['<script>alert(1)</script>']);
    expect(page.wrapper.find('script').exists()).toBe(false);
  });

  test('marks the line of the URL and tells of the one that is clicked', async () => {
    const page = await open({ line: 2 });
    await send(page, 0, 'one\ntwo\nthree\n');
    expect(page.wrapper.find('.marked .text').text()).toBe('two');
    await page.findAll('log-line')[2]?.find('a').trigger('click');
    expect(page.wrapper.emitted('showLine')).toEqual([[3]]);
  });
});
