import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import { startGatewayOnFake } from '../../support/gateway.ts';
import { useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();

/** A gateway of its own process, as far as a viewer can tell: it can be ended and started again on the same port. */
async function startOn(port: number, engine: string) {
  const backends = { mlx: { type: 'vllm-mlx', baseUrl: engine } };
  const config = configSchema.parse({ server: { port, drainSeconds: 0 }, backends, scheduling: { warmUp: false } });
  const app = createApp(config, { log: pino({ level: 'silent' }) });
  return { app, ...(await app.listen()) };
}

test('the page says that the connection is lost, and comes back after a restart with what is there then', async () => {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  const first = await startOn(0, engine.url);
  const { page } = await open(first.url, { mayComplain: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET/ });
  await converse({ url: first.url, session: 'before' }).say('SAY:a');
  await page.locator('[data-session="before"]').waitFor();

  await first.app.close();
  await page.getByText('connection lost, trying again').waitFor();
  const second = await startOn(first.port, engine.url);
  onTestFinished(() => second.app.close());
  await page.getByText('healthy').waitFor();
  expect(await page.locator('[data-session="before"]').count()).toBe(0);
  await converse({ url: second.url, session: 'after' }).say('SAY:b');
  await page.locator('[data-session="after"]').waitFor();
});

test('while nobody can see the page it is connected to nothing', async () => {
  const { gateway } = await startGatewayOnFake();
  const { page } = await open(gateway.url);
  await page.getByText('No session yet').waitFor();
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/overview/events'));
  await hide(true);
  await ended;
  await converse({ url: gateway.url, session: 'unseen' }).say('SAY:a');
  expect(await page.locator('.session').count()).toBe(0);
  expect(await page.getByText('connection lost').count()).toBe(0);
  await hide(false);
  await page.locator('[data-session="unseen"]').waitFor();
});
