/** A headless Chromium that looks at the page, and everything it asks for and complains about. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { chromiumPath } from './prepare.ts';

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Opened {
  readonly page: Page;
  /** Of what has been loaded, as it went over the wire; streams do not count, as they do not end. */
  transferred(): number;
}

export interface Look extends BrowserContextOptions {
  /** Put into the tab before the page starts. */
  readonly key?: string;
  /** What the page is asked to show, as `#request/req_1`, or another page's path. */
  readonly hash?: string;
  /** What the console may say: an answer that is no success is told there by the browser itself. */
  readonly mayComplain?: RegExp;
  /** The one address elsewhere that may be asked for, and what is there. */
  readonly elsewhere?: { readonly url: string; readonly html: string };
}

/** A browser for the file's tests. Every page fails its test that asks for another origin or writes an error to the console. */
export function useBrowser(): (url: string, look?: Look) => Promise<Opened> {
  let browser: Browser;
  beforeAll(async () => {
    // Its profile is a new folder of its own, as launch always gives it.
    browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false, args: flags });
  });
  afterAll(() => browser.close());

  return async (url, { key, hash = '', mayComplain, elsewhere, ...options } = {}) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
    onTestFinished(() => context.close());
    if (key) await context.addInitScript((given) => sessionStorage.setItem('key', given), key);
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    let bytes = 0;
    await context.route('**', (route) => {
      if (elsewhere && route.request().url() === elsewhere.url) {
        return route.fulfill({ contentType: 'text/html', body: elsewhere.html });
      }
      asked.push(route.request().url());
      return new URL(route.request().url()).origin === url ? route.continue() : route.abort();
    });
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    const wire = await context.newCDPSession(page);
    await wire.send('Network.enable');
    wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    onTestFinished(() => {
      expect(asked.filter((each) => new URL(each).origin !== url)).toEqual([]);
      expect(complaints.filter((each) => !mayComplain?.test(each))).toEqual([]);
    });
    await page.goto(`${url}/${hash}`);
    return { page, transferred: () => bytes };
  };
}
