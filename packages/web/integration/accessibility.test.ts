import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, describe, test } from 'vitest';
import type { Page } from 'playwright-core';
import { noBrowser, openWindow, seen, useBrowser } from './support/browser.ts';
import { startProduct } from './support/product.ts';

useBrowser();

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, as `rule: element`. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(
    'axe.run(document).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html)))',
  );
}

describe.skipIf(noBrowser)('the pages', () => {
  test('have no fault that axe finds, in light and dark', async () => {
    const product = await startProduct();
    const page = await (await openWindow()).newPage();
    await page.goto(product.loginLink);
    await page.waitForURL('**/jobs');
    await page.goto(`${product.url}/submit`);
    await seen(page, 'check-state', { 'data-state': 'good' });
    await page.getByTestId('submit').click();
    await seen(page, 'job-head', { 'data-state': 'finished' });

    const places: [path: string, testId: string][] = [
      ['/jobs', 'job-row'],
      ['/jobs/1', 'log-line'],
      ['/jobs/1?tab=metrics', 'metric'],
      ['/jobs/1?tab=files', 'files'],
      ['/jobs/1?tab=control', 'control-source'],
      ['/jobs/1?tab=events', 'event'],
      ['/submit', 'param-seconds'],
      ['/hosts', 'host-row'],
      ['/hosts/localhost', 'lock'],
      ['/login', 'token'],
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const [path, testId] of places) {
        await page.goto(`${product.url}${path}`);
        await seen(page, testId);
        expect(await violations(page), `${path} in ${colorScheme}`).toEqual([]);
      }
    }
  });

  test('can be used with the keyboard alone', async () => {
    const product = await startProduct();
    const page = await (await openWindow()).newPage();
    await page.goto(product.loginLink);
    await page.waitForURL('**/jobs');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
    await page.goto(`${product.url}/submit`);
    await seen(page, 'check-state', { 'data-state': 'good' });
    await page.getByTestId('param-seconds').press('Enter');
    await page.waitForURL('**/jobs/1');
    await seen(page, 'result', { 'data-name': 'benchmarks', 'data-outcome': 'pass' });
    await page.getByRole('tree').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await seen(page, 'node-detail');
    await page.getByTestId('tab-log').focus();
    await page.keyboard.press('ArrowRight');
    await seen(page, 'metrics');
  });
});
