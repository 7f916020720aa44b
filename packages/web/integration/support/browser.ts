import { findServices, missingService } from '@autotest/core/testing';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const waitMs = 60_000;

let browser: Browser | undefined;

const program = process.env['CHROMIUM'] ?? findServices().chromium;

/** True where the tests of a browser have to be skipped. */
export const noBrowser = program === undefined && missingService('chromium') !== undefined;

/** Starts Chromium for the tests of a file: `CHROMIUM` or the one that is installed. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (noBrowser) return;
    browser = await chromium.launch({ executablePath: program ?? 'chromium', args: quiet });
  });
  afterAll(async () => {
    await browser?.close();
  });
}

/** A window of its own, with nothing of others in it. The test fails if a page of it has an error or breaks the content security policy. */
export async function openWindow(): Promise<BrowserContext> {
  if (browser === undefined) throw new Error('Call useBrowser() in the file first.');
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(waitMs);
  const faults: string[] = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  return context;
}

/** Waits until the element with this test id has the attribute's value. */
export function seen(page: Page, testId: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
  const conditions = Object.entries(attributes).map(([name, value]) => `[${name}="${value}"]`);
  return page
    .locator(`[data-testid="${testId}"]${conditions.join('')}`)
    .first()
    .waitFor();
}
