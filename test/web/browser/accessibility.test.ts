import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startGatewayOnFake, type TestGateway } from '../../support/gateway.ts';
import { type Look, useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const looks: readonly (readonly [string, Look])[] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['on a phone', { viewport: { width: 380, height: 800 }, hasTouch: true }],
];

/** Somebody runs, somebody waits, somebody has been served. */
async function startBusy(): Promise<TestGateway> {
  const quirks = { admission: 'wait', decodeMs: 20 } as const;
  const { gateway } = await startGatewayOnFake({ quirks });
  const talk = (session: string) => converse({ url: gateway.url, session, systemTokens: 500 });
  await talk('served').say('SAY:done');
  talk('running')
    .say('LONG:2000')
    .catch(() => {});
  talk('waiting')
    .say('SAY:b')
    .catch(() => {});
  return gateway;
}

async function faults(page: Page): Promise<readonly string[]> {
  // The page's own policy holds against scripts in it, not against what the debugger runs.
  const { violations } = await page.evaluate(`${axe}; axe.run()`).then((result) => result as Result);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

interface Result {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

describe.each(looks)('axe finds no serious fault, %s,', (_name, look) => {
  test('in the page at work, with a session unfolded, a state chart and a question', async () => {
    const gateway = await startBusy();
    const { page } = await open(gateway.url, look);
    await page.getByRole('list', { name: 'Waiting requests' }).locator('li').first().waitFor();
    await page.getByRole('button', { name: 'Turns of local' }).first().click();
    expect(await faults(page)).toEqual([]);
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(beyond).toBeLessThanOrEqual(0);

    await page.locator('.slot .who a').click();
    await page.locator('.chart svg').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close the state chart' }).click();

    await page.getByRole('button', { name: 'Drain mlx' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await faults(page)).toEqual([]);
  });
});

test('everything that can be done can be done from the keyboard', async () => {
  const gateway = await startBusy();
  const { page } = await open(gateway.url);
  await page.locator('.slot .who a').waitFor();
  const reached = new Set<string>();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement ?? document.body;
      const name = element === document.body ? '' : (element.getAttribute('aria-label') ?? element.textContent);
      return { name: name.trim(), outline: getComputedStyle(element).outlineStyle };
    });
    // Past the last one the browser itself has the focus.
    if (focused.name) expect(focused.outline, focused.name).not.toBe('none');
    reached.add(focused.name);
  }
  const names = [...reached].join('\n');
  for (const part of [
    'theme: auto',
    'Drain mlx',
    'Cancel local main',
    'Slot 0 of mlx',
    'Timeline of the slots',
    'Turns of local',
  ]) {
    expect(names).toContain(part);
  }
});
