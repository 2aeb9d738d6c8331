/** Engines that say nothing of their cache: what clients are told of it is then told by the time that prompts take. */
import { expect, onTestFinished, test } from 'vitest';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

/** Such a prompt has some 2,600 tokens, which the engine prefills in three seconds. */
const system = 'You are careful. '.repeat(650);
const tools = [{ name: 'Bash', input_schema: { type: 'object' } }];

/** @returns the share of the prompt that the client is told to have been cached */
async function ask({ url }: TestGateway, ...said: readonly string[]) {
  const messages = said.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-session-id': 's1' },
    body: JSON.stringify({ model: 'default', max_tokens: 100, system, tools, messages }),
  });
  const { usage } = (await response.json()) as { usage: Record<string, number> };
  const { cache_read_input_tokens: read = 0, input_tokens: rest = 0 } = usage;
  return read / (read + rest);
}

const talk = ['SAY:one', 'one', 'SAY:two', 'two', 'SAY:three', 'three', 'SAY:four'];

test('a cache that was dropped without a word is noticed, told of, and believed in again once it is filled', async () => {
  const engine = await startFakeVllmMlx({ engine: 'batched', prefillMsPerKiloToken: 1_100 });
  onTestFinished(() => engine.close());
  const gateway = await startGateway({ backends: { silent: { type: 'openai', baseUrl: engine.url } } });
  expect(await ask(gateway, ...talk.slice(0, 1))).toBe(0);
  expect(await ask(gateway, ...talk.slice(0, 3))).toBeGreaterThan(0.9);
  await engine.restart();
  expect(await ask(gateway, ...talk.slice(0, 5))).toBe(0);
  expect(gateway.events.filter(({ type }) => type === 'session.shortfall')).toEqual([
    expect.objectContaining({ cachedTokens: 0, cause: expect.stringContaining('less of it') }),
  ]);
  const [handle] = gateway.app.gateway.backends;
  expect(handle?.cache.getSnapshot().context.corrections).toBe(1);
  expect(await ask(gateway, ...talk)).toBeGreaterThan(0.9);
}, 60_000);
