import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../../support/gateway.ts';
import { useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();
const oneSlot = { admission: 'wait' } as const;

/** What a slot does, as long as it is looked at. */
async function recordPhases(page: Page, slot: string): Promise<() => Promise<readonly string[]>> {
  const box = page.locator(`[data-slot="${slot}"]`);
  await box.evaluate((element) => {
    const seen = [element.getAttribute('data-phase') ?? ''];
    const look = () => seen.push(element.getAttribute('data-phase') ?? '');
    new MutationObserver(look).observe(element, { attributeFilter: ['data-phase'] });
    Object.assign(element, { seen });
  });
  return () => box.evaluate((element) => ('seen' in element ? (element.seen as string[]) : []));
}

test('a session appears, its slot goes from prefill to decode, and its turn shows what was reused', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { ...oneSlot, prefillMsPerKiloToken: 300, decodeMs: 10 } });
  const { page, transferred } = await open(gateway.url);
  await page.getByText('No session yet').waitFor();
  const phases = await recordPhases(page, 'mlx#0');

  const talk = converse({ url: gateway.url, session: 'the-first-session' });
  await talk.say('LONG:40');
  await page.locator('[data-session="the-first-session"]').waitFor();
  await expect.poll(async () => (await phases()).join(' ')).toMatch(/^free .*prefill decode .*free$/);

  await talk.say('LONG:5');
  await page.getByRole('button', { name: 'Turns of local' }).click();
  const turns = page.getByRole('region', { name: 'Turns of main' }).locator('tbody tr');
  await expect.poll(() => turns.count()).toBe(2);
  const [again, first] = await turns.evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
  );
  expect(first?.[0]).toBe('0');
  expect(again?.[0]).toMatch(/^[1-9].*k$/);
  expect(again?.at(-1)).toContain('goes on');
  await page.getByText('local: main', { exact: false }).first().waitFor();
  await page.locator('.slot .number').click();
  await page.locator('.chart svg').waitFor();
  console.log(`The page and a chart: ${transferred()} bytes`);
  expect(transferred()).toBeLessThan(150_000);
});

test('the queue shows its order, and that it changes', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { ...oneSlot, decodeMs: 5 } });
  const { page } = await open(gateway.url);
  const say = (session: string, script: string, agent?: string) =>
    converse({ url: gateway.url, session, systemTokens: 500, ...(agent ? { agent } : {}) }).say(script);
  const running = say('first', 'LONG:5000');
  await page.locator('[data-slot="mlx#0"][data-phase="decode"]').waitFor();
  const queue = page.getByRole('list', { name: 'Waiting requests' }).locator('li .who a');
  const subagent = say('second', 'SAY:b', 'explorer');
  await expect.poll(() => queue.allTextContents()).toEqual(['local explorer']);
  const turn = say('third', 'SAY:c');
  await expect.poll(() => queue.allTextContents()).toEqual(['local main', 'local explorer']);
  await page.getByText('behind interactive turns').waitFor();
  await page.locator('.slot').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the request' }).click();
  await page.getByText('Nobody waits.').waitFor();
  await Promise.all([running, subagent, turn]);
});

test('the timeline tells why, by pointer and by keys', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { prefillMsPerKiloToken: 400 } });
  await converse({ url: gateway.url, session: 'one' }).say('SAY:a');
  const { page } = await open(gateway.url);
  const timeline = page.getByRole('application', { name: 'Timeline of the slots' });
  await timeline.focus();
  await page.keyboard.press('ArrowRight');
  const told = page.locator('.timeline .told');
  expect(await told.textContent()).toMatch(/^prefill, .*local: one\/main.*the slot is unused/);
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'State chart of request' }).waitFor();
  await page.getByRole('button', { name: 'Close the state chart' }).click();

  const { x, y, width } = (await timeline.boundingBox()) ?? { x: 0, y: 0, width: 0 };
  const sweep = async () => {
    for (let right = 0; right < 120; right += 3) {
      await page.mouse.move(x + width - right, y + 17);
      if ((await told.textContent())?.startsWith('prefill')) return true;
    }
    return false;
  };
  await expect.poll(sweep).toBe(true);

  const live = page.getByRole('button', { name: 'now', exact: true });
  await page.mouse.move(x + width / 2, y + 17);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 100, y + 17, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => live.getAttribute('aria-pressed')).toBe('false');
  expect(new URL(page.url()).hash).toBe('');
  await timeline.focus();
  await page.keyboard.press('End');
  await expect.poll(() => live.getAttribute('aria-pressed')).toBe('true');
});

test('a key that is configured is asked for, kept in the tab and sent as a header', async () => {
  const config = { server: { apiKeys: [{ name: 'ana', key: 'key-of-ana' }] } };
  const { gateway } = await startGatewayOnFake({ config });
  const { page } = await open(gateway.url, { mayComplain: /401 \(Unauthorized\)/ });
  const dialog = page.getByRole('dialog', { name: 'This gateway asks for a key' });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await dialog.getByLabel('Key').fill('not-the-key');
  await dialog.getByRole('button', { name: 'Open' }).click();
  await dialog.getByText('The key was not accepted.').waitFor();
  await dialog.getByLabel('Key').fill('key-of-ana');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Engines and slots' }).waitFor();
  expect(await dialog.count()).toBe(0);
  await page.reload();
  await page.getByRole('heading', { name: 'Engines and slots' }).waitFor();
  expect(asked.filter((url) => url.includes('key-of-ana'))).toEqual([]);
});

test('light and dark can be chosen, and the choice is kept', async () => {
  const { gateway } = await startGatewayOnFake();
  const { page } = await open(gateway.url, { colorScheme: 'dark' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.getByRole('button', { name: 'theme: auto' }).click();
  await page.getByRole('button', { name: 'theme: light' }).waitFor();
  expect(await background()).not.toBe(dark);
  await page.reload();
  await page.getByRole('button', { name: 'theme: light' }).click();
  expect(await background()).toBe(dark);
});
