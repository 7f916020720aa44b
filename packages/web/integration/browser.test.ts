import { expect, describe, test } from 'vitest';
import { noBrowser, openWindow, seen, useBrowser } from './support/browser.ts';
import { startProduct } from './support/product.ts';

useBrowser();

describe.skipIf(noBrowser)('the web interface of a running server', () => {
  test('takes a person from the login link to a finished result, all of it live', async () => {
    const product = await startProduct();
    const window = await openWindow();
    const page = await window.newPage();

    await page.goto(product.loginLink);
    await page.waitForURL('**/jobs');
    expect(page.url()).not.toContain('token');
    await seen(page, 'connection', { 'data-state': 'live' });
    const list = await window.newPage();
    await list.goto(`${product.url}/jobs`);
    await seen(list, 'empty');

    await page.goto(`${product.url}/submit`);
    await seen(page, 'check-state', { 'data-state': 'good' });
    await page.getByTestId('param-seconds').fill('3');
    await page.getByTestId('submit').click();
    await page.waitForURL('**/jobs/1');

    await seen(list, 'job-row', { 'data-job': '1' });
    await seen(page, 'entry', { 'data-state': 'running' });
    await seen(page, 'result', { 'data-name': 'sleep', 'data-outcome': 'running' });
    await seen(page, 'log-line');
    expect(await page.getByTestId('job-head').getAttribute('data-state')).toBe('running');

    await seen(page, 'job-head', { 'data-state': 'finished', 'data-outcome': 'passed' });
    await seen(page, 'result', { 'data-name': 'sleep', 'data-outcome': 'pass' });
    await seen(page, 'result', { 'data-name': 'benchmarks', 'data-outcome': 'pass' });
    await seen(list, 'job-row', { 'data-job': '1', 'data-state': 'finished' });
    await seen(page, 'log-ended');

    await list.getByRole('link', { name: 'hello' }).click();
    await list.getByTestId('tab-metrics').click();
    await seen(list, 'metric');
    await list.getByTestId('tab-files').click();
    const statusLog = list.getByRole('link', { name: 'status.log', exact: true });
    const [download] = await Promise.all([window.waitForEvent('page'), statusLog.click()]);
    await download.waitForLoadState();
    expect(await download.content()).toContain('END GOOD');
    await list.getByTestId('tab-events').click();
    await seen(list, 'event');
    await list.getByTestId('tab-control').click();
    expect(await list.getByTestId('control-source').textContent()).toContain("name: 'hello'");
  });

  test('lets nobody in with a link that was used, or with none', async () => {
    const product = await startProduct();
    const first = await (await openWindow()).newPage();
    await first.goto(product.loginLink);
    await first.waitForURL('**/jobs');

    const second = await (await openWindow()).newPage();
    await second.goto(product.loginLink);
    await seen(second, 'login-error');
    await second.goto(`${product.url}/hosts`);
    await second.waitForURL('**/login?next=/hosts');
  });

  test('goes on by itself after the server was away', async () => {
    const product = await startProduct();
    const page = await (await openWindow()).newPage();
    await page.goto(product.loginLink);
    await seen(page, 'connection', { 'data-state': 'live' });

    await product.stop();
    await seen(page, 'connection', { 'data-state': 'reconnecting' });
    await product.start();
    await seen(page, 'connection', { 'data-state': 'live' });

    const other = await page.context().newPage();
    await other.goto(`${product.url}/submit`);
    await seen(other, 'check-state', { 'data-state': 'good' });
    await other.getByTestId('submit').click();
    await seen(page, 'job-row', { 'data-job': '1' });
    await seen(page, 'job-row', { 'data-job': '1', 'data-state': 'finished' });
  });

  test('says in the form what is wrong with a submission', async () => {
    const product = await startProduct();
    const page = await (await openWindow()).newPage();
    await page.goto(product.loginLink);
    await page.waitForURL('**/jobs');
    await page.goto(`${product.url}/submit`);
    await seen(page, 'check-state', { 'data-state': 'good' });

    await page.getByTestId('needs').fill('planet:mars');
    await page.getByTestId('submit').click();
    await seen(page, 'refusal');
    expect(await page.getByTestId('refusal').textContent()).toContain('planet:mars');

    const source = await page.getByTestId('source').inputValue();
    await page.getByTestId('source').fill(source.replace("name: 'hello'", 'name: String(1)'));
    await seen(page, 'check-state', { 'data-state': 'bad' });
    expect(await page.getByTestId('problems').textContent()).toMatch(/\d+:\d+/);
  });

  test('shows what strangers wrote as text, everywhere', async () => {
    const product = await startProduct();
    const page = await (await openWindow()).newPage();
    await page.goto(product.loginLink);
    await page.waitForURL('**/jobs');
    await page.goto(`${product.url}/submit`);
    await page.getByTestId('source').fill(hostileControl);
    await seen(page, 'check-state', { 'data-state': 'good' });
    await page.getByTestId('submit').click();
    await seen(page, 'job-head', { 'data-state': 'finished' });
    await page.getByTestId('result').last().click();
    await seen(page, 'node-detail');
    for (const tab of ['metrics', 'files', 'control', 'events', 'log']) {
      await page.getByTestId(`tab-${tab}`).click();
      await page.waitForTimeout(300);
      expect(await page.evaluate(() => document.querySelectorAll('img, iframe, main script').length)).toBe(0);
    }
    await page.goto(`${product.url}/jobs`);
    expect(await page.getByTestId('job-row').textContent()).toContain(markup);
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });
});

const markup = '<img src=x onerror="globalThis.hacked=1">';
const hostileControl = `import { defineControl } from '@autotest/core';

export default defineControl({
  name: ${JSON.stringify(`x ${markup}`)},
  author: 'a <a@example.org>',
  doc: ${JSON.stringify(`doc ${markup} <script>hacked=1</script>`)},
  type: 'client',
  time: 'short',
  async run(job) {
    const markup = ${JSON.stringify(markup)};
    job.keyval({ [markup]: markup });
    await job.runCommand(markup, ['printf', '%s\\n\\u001b]8;;javascript:hacked=1\\u0007x\\n', markup]);
    job.metric({ name: markup, value: 1, unit: markup, direction: 'none' });
    job.record('fail', 'last ' + markup, 'because ' + markup);
  },
});
`;
