/** The simplest runs of the CLI: one question, and the same bytes sent again with more in them than any version sends today. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { expectSuccess } from './claude.ts';
import { say } from './script.ts';

test('check 1: one question is one stream and one request upstream', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const run = await runClaude({ prompt: say('ok'), workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'ok');
  expect(gateway.messages().map(({ path, body }) => [path, body.stream])).toEqual([['/v1/messages?beta=true', true]]);
  expect(engine.chats()).toHaveLength(1);
});

test('check 2: HEAD is answered at once; unknown betas and keys are let pass', async () => {
  const { gateway } = await startGatewayOnFake();
  const head = await fetch(gateway.url, { method: 'HEAD', signal: AbortSignal.timeout(1_000) });
  expect(head.status).toBe(200);

  const recorded = await record(gateway);
  const more = {
    ...recorded.body,
    context_management: { edits: [{ type: 'clear_of_the_future_20300101' }] },
    something_new: { nested: [1, null, 'x'] },
  };
  const answer = await send(gateway, more, {
    'anthropic-beta': 'beta-of-the-future-2030-01-01',
    'x-claude-code-new': '1',
  });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('message_stop');
});

test('check 3: a system message inside the conversation stays where it is', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const { body } = await record(gateway);
  const first = ['the-first-thing-said', 'the-system-note', 'the-second-thing-said'];
  const messages = [
    { role: 'user', content: first[0] },
    { role: 'system', content: first[1] },
    { role: 'assistant', content: 'Yes.' },
    { role: 'user', content: first[2] },
  ];
  expect((await send(gateway, { ...body, messages })).status).toBe(200);
  const received = JSON.stringify(engine.chats().at(-1)?.body.messages);
  const places = first.map((text) => received.indexOf(text));
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('check 5: the body closes right after message_stop', async () => {
  const { gateway } = await startGatewayOnFake();
  const { body } = await record(gateway);
  for (let n = 0; n < 20; n++) {
    const messages = [{ role: 'user', content: say(`answer ${n}`) }];
    await (await send(gateway, { ...body, messages })).text();
  }
  await gateway.waitFor(() => gateway.messages().every(({ outcome }) => outcome !== 'running'));
  const delays = gateway.messages().map((exchange) => {
    expect(replyText(exchange)).toContain('event: message_stop');
    return (exchange.closedAt ?? Number.POSITIVE_INFINITY) - (exchange.pieces.at(-1)?.at ?? 0);
  });
  // The middle one, because another process may take this one's core at any moment.
  expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(100);
});

/** The CLI's own request for a short answer. */
async function record(gateway: TestGateway) {
  const run = await runClaude({ prompt: say('ok'), workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'ok');
  const [exchange] = gateway.messages();
  if (!exchange) throw new Error('the CLI sent nothing');
  return exchange;
}

function send(gateway: TestGateway, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer local-test', ...headers },
    body: JSON.stringify(body),
  });
}
