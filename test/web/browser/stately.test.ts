import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../support/app.ts';
import { useBrowser } from './browser.ts';

const open = useBrowser();

/** As Stately's viewer greets whoever frames it, and writes down what it is handed. */
const viewer = `<!doctype html><title>viewer</title><pre></pre><script>
  addEventListener('message', ({ data }) => {
    document.querySelector('pre').textContent += data.type + ' ' + data.name + ' ' + JSON.parse(data.definition ?? '{}').id + '\\n';
  });
  parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

test('the bridge hands the actors to the viewer in its frame, once its button was pressed', async () => {
  const gateway = await startApp(
    {
      server: { apiKeys: [{ name: 'ana', key: 'a key & more' }] },
      backends: { mlx: { type: 'openai', baseUrl: 'http://127.0.0.1:9' } },
    },
    { stately: true },
  );
  onTestFinished(() => gateway.close());
  const { page } = await open(gateway.url, {
    hash: 'inspect/stately',
    elsewhere: { url: 'https://stately.ai/inspect', html: viewer },
    mayComplain: /401/,
  });
  expect(await page.locator('iframe').count()).toBe(0);
  await page.getByRole('button').click();
  await page.getByLabel('Key of this gateway').fill('a key & more');
  expect(await page.locator('iframe').count()).toBe(0);
  await page.keyboard.press('Enter');
  const handed = page.frameLocator('iframe').locator('pre');
  await expect
    .poll(() => handed.textContent())
    .toContain(
      '@xstate.actor scheduler scheduler scheduler\n@xstate.actor prefixCache mlx prefixCache\n@xstate.actor backend mlx backend\n',
    );
  expect(await page.locator('output').textContent()).toMatch(/^Connected/);
});
