import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../../support/gateway.ts';
import { useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();

test('a request is cancelled by its button, once that is confirmed', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { decodeMs: 30 } });
  const { page } = await open(gateway.url);
  const answer = converse({ url: gateway.url, session: 'one' }).say('LONG:3000');
  const slot = page.locator('[data-slot="mlx#0"]');
  const cancel = slot.getByRole('button', { name: 'Cancel' });
  await cancel.click();
  const dialog = page.getByRole('dialog', { name: 'Cancel this request?' });
  await dialog.getByRole('button', { name: 'Back' }).click();
  expect(await dialog.count()).toBe(0);
  expect(engine.running()).toBe(1);

  await cancel.click();
  await dialog.getByRole('button', { name: 'Cancel the request' }).click();
  const { events } = await answer;
  expect(events.at(-1)?.type).toBe('error');
  await page.locator('.notice').filter({ hasText: /\w/ }).waitFor();
  await page.locator('[data-slot="mlx#0"][data-phase="free"]').waitFor();
});

test('an engine is drained and resumed, what it holds is dropped and warmed', async () => {
  const { gateway } = await startGatewayOnFake({
    config: { scheduling: { warmUp: true } },
    timing: { warmUp: 50, warmUpStubborn: 50 },
  });
  await converse({ url: gateway.url, session: 'one' }).say('SAY:a');
  const { page } = await open(gateway.url);
  const confirm = async (button: string, verb: string) => {
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('dialog').getByRole('button', { name: verb }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await confirm('Drain mlx', 'Drain');
  await page.getByText('up, drained').waitFor();
  await confirm('Resume mlx', 'Resume');
  await page.getByText('up, drained').waitFor({ state: 'detached' });

  await confirm('Drop local: main', 'Drop');
  await page.getByText('not held').waitFor();
  await confirm('Warm now local: main', 'Warm it');
  await page.getByText('not held').waitFor({ state: 'detached' });
  await page.getByText('Warm 1 of 4').waitFor();
});

test('a refusal is told in words', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { decodeMs: 20 } });
  const { page } = await open(gateway.url, { mayComplain: /40[04]/ });
  const answer = converse({ url: gateway.url, session: 'one' }).say('LONG:80');
  await page.locator('[data-slot="mlx#0"]').getByRole('button', { name: 'Cancel' }).click();
  await answer;
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the request' }).click();
  await page.locator('.notice.failed').filter({ hasText: /req_/ }).waitFor();
});
