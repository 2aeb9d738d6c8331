/** What Claude Code makes of a request that somebody cancels at the gateway: it ends with their name, and asks nothing again. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { hang, say, script, slowly, think, words } from './script.ts';

async function cancelRunning(gateway: TestGateway): Promise<void> {
  const main = gateway.app.gateway.requests.list().find(({ ticket }) => ticket.band === 'interactive');
  const response = await fetch(`${gateway.url}/admin/cancel-request`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requestId: main?.id }),
  });
  expect(response.status).toBe(200);
}

test.each([
  ['before anything was sent', [hang(60_000), say('never')], undefined],
  ['in the middle of its text', [slowly(30), words(2_000)], 'text_delta'],
  ['behind a finished block', [slowly(30), think('Hm.'), words(2_000)], '"index":1'],
])('cancelled %s', async (_, answer, sees) => {
  const { gateway, engine } = await startGatewayOnFake();
  const running = runClaude({ prompt: script(answer), workspace: await makeWorkspace(), url: gateway.url });
  await engine.waitFor(() => engine.running() === 1);
  if (sees) await gateway.waitFor(() => gateway.messages().some((exchange) => replyText(exchange).includes(sees)));
  const before = engine.chats().length;
  await cancelRunning(gateway);
  const { exitCode, result, ms } = await running;
  expect(exitCode).toBe(1);
  expect(result?.is_error).toBe(true);
  expect(result?.result).toContain('local cancelled this request');
  expect(ms).toBeLessThan(30_000);
  expect(engine.chats()).toHaveLength(before);
});
