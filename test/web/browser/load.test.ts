import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../../support/gateway.ts';
import { useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();

interface Pace {
  readonly frames: number;
  /** Of the event loop, in milliseconds. */
  readonly longest: number;
}

test('200 sessions and 64 streams leave the page responsive', async () => {
  const quirks = { engine: 'batched', admission: 'wait', slots: 64 } as const;
  const { gateway } = await startGatewayOnFake({ quirks, backend: { slots: 64 } });
  const talks = Array.from({ length: 200 }, (_, index) =>
    converse({ url: gateway.url, session: `session-${index}`, systemTokens: 100 }),
  );
  for (const talk of talks) await talk.say('SAY:a');
  const { page } = await open(gateway.url);
  const streams = talks.slice(0, 64).map((talk) => talk.say('LONG:400\nDELAY:50').catch(() => undefined));
  await expect.poll(() => page.locator('.slot[data-phase="decode"]').count(), { timeout: 20_000 }).toBe(64);
  expect(await page.locator('.session').count()).toBe(200);
  await page.locator('.queue .note a').click();
  await page.locator('.chart svg').waitFor();

  const { frames, longest } = await page.evaluate(
    () =>
      new Promise<Pace>((resolve) => {
        let [count, worst] = [0, 0];
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) worst = Math.max(worst, duration);
        }).observe({ type: 'longtask' });
        const frame = () => {
          count++;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
        setTimeout(() => resolve({ frames: count / 5, longest: worst }), 5_000);
      }),
  );
  console.log(`200 sessions, 64 streams: ${frames} frames a second, longest task ${Math.round(longest)} ms`);
  expect(frames).toBeGreaterThan(10);
  expect(longest).toBeLessThan(500);
  const unfolding = await page
    .locator('.fold')
    .nth(100)
    .evaluate(async (button: HTMLElement) => {
      const started = performance.now();
      button.click();
      while (!document.querySelector('.lineage-turns')) await new Promise(requestAnimationFrame);
      return performance.now() - started;
    });
  expect(unfolding).toBeLessThan(500);
  await gateway.app.close();
  await Promise.all(streams);
});
