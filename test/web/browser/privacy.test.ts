import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../../support/gateway.ts';
import { useBrowser } from './browser.ts';
import { converse } from './traffic.ts';

const open = useBrowser();
const markers = {
  prompt: 'MARK-PROMPT-7f3a',
  answer: 'MARK-ANSWER-7f3a',
  input: 'MARK-INPUT-7f3a',
  key: 'MARK-KEY-7f3a',
};

test('no prompt, answer, tool input or key is in the page or in what it is told', async () => {
  const server = { apiKeys: [{ name: 'ana', key: markers.key }] };
  const { gateway } = await startGatewayOnFake({ quirks: { decodeMs: 5 }, config: { server } });
  const { page } = await open(gateway.url, { key: markers.key });
  const told: string[] = [];
  const wire = await page.context().newCDPSession(page);
  await wire.send('Network.enable');
  wire.on('Network.responseReceived', ({ requestId }) => {
    // Streams, too, are told piece by piece.
    wire.send('Network.streamResourceContent', { requestId }).catch(() => {});
  });
  wire.on('Network.dataReceived', ({ data }) => data && told.push(Buffer.from(data, 'base64').toString('utf8')));
  await page.reload();
  await page.locator('.queue .note a').click();
  await page.locator('.chart svg').waitFor();

  const talk = converse({ url: gateway.url, session: 'one', key: markers.key });
  await talk.say(`SAY:${markers.answer}\nTOOL:Read:{"path": "${markers.input}"}\n${markers.prompt}`);
  await talk.say(`LONG:40\n${markers.prompt}`);
  await page.getByRole('button', { name: 'Turns of ana' }).click();
  await page.locator('.lineage-turns tbody th a').first().click();
  await page.locator('[data-state="done"].active').waitFor();

  const shown = await page.content();
  expect(told.join('')).toContain('lease.progress');
  for (const marker of Object.values(markers)) {
    expect(shown).not.toContain(marker);
    expect(told.join('')).not.toContain(marker);
  }
});
