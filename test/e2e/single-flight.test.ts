/** Clients that lose patience and ask again: each time they meet the generation that is under way. */
import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { expectSuccess } from './claude.ts';
import { hang, say, script } from './script.ts';

/** Nothing is sent before the first token, so that a client with little patience sees nothing. */
const silent = { openAfter: 60_000, keepAlive: 60_000 };

const start = () => startGatewayOnFake({ timing: silent, config: { scheduling: { graceSeconds: 5 } } });

const cacheOf = (gateway: TestGateway) => gateway.finished().map(({ cache, outcome }) => `${cache} ${outcome}`);

test('the CLI’s retries cost one prefill', async () => {
  const { gateway, engine } = await start();
  const prompt = script([hang(7_000), say('patience')]);
  const env = { API_TIMEOUT_MS: '2500' };
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url, env });
  expectSuccess(run, 'patience');
  expect(gateway.messages().length).toBeGreaterThan(1);
  expect(engine.chats()).toHaveLength(1);
  expect(engine.chats()[0]?.aborted).toBe(false);
  expect(cacheOf(gateway).filter((how) => how.startsWith('miss'))).toEqual(['miss done']);
});

test('the SDK’s retries cost one prefill, and so does its other way of reading', async () => {
  const { gateway, engine } = await start();
  const client = new Anthropic({ baseURL: gateway.url, authToken: 'local-test', apiKey: null, timeout: 1_000 });
  const question = {
    model: 'claude-opus-5-5',
    max_tokens: 4_096,
    messages: [{ role: 'user' as const, content: script([hang(2_500), say('patience')]) }],
  };
  const [whole, streamed] = await Promise.all([
    client.messages.create(question, { maxRetries: 5 }),
    client.messages.stream(question, { timeout: 60_000 }).finalMessage(),
  ]);
  for (const { content } of [whole, streamed]) expect(content).toMatchObject([{ type: 'text', text: 'patience' }]);
  expect(gateway.messages().length).toBeGreaterThan(2);
  expect(engine.chats()).toHaveLength(1);
});
