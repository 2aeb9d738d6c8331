/** Keys, model names, titles and token counts. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { expectSuccess } from './claude.ts';
import { ask, promptTokens, readStream, stream } from './client.ts';
import { say } from './script.ts';

test('check 24: a wrong key is told once, at once', async () => {
  const { gateway, engine } = await startGatewayOnFake({ config: { server: { apiKey: 'the right one' } } });
  const run = await runClaude({ prompt: say('hi'), workspace: await makeWorkspace(), url: gateway.url });
  expect(run.exitCode).toBe(1);
  expect(run.result?.result).toContain('401 The API key is missing or wrong');
  expect(run.ms).toBeLessThan(5_000);
  expect(gateway.messages()).toHaveLength(1);
  expect(gateway.messages()[0]?.replyHeaders['x-should-retry']).toBe('false');
  expect(engine.chats()).toHaveLength(0);
});

test('check 24: the right key works', async () => {
  const { gateway } = await startGatewayOnFake({ config: { server: { apiKey: 'the right one' } } });
  const env = { ANTHROPIC_AUTH_TOKEN: 'the right one' };
  expectSuccess(await runClaude({ prompt: say('hi'), workspace: await makeWorkspace(), url: gateway.url, env }), 'hi');
});

test('check 24: an unknown model is named', async () => {
  const { gateway } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const run = await runClaude({ prompt: say('hi'), workspace, url: gateway.url, env: { ANTHROPIC_MODEL: 'nope' } });
  expect(run.exitCode).toBe(1);
  expect(run.result?.result).toContain('nope');
  expect(gateway.messages().length).toBeLessThanOrEqual(2);
  for (const exchange of gateway.messages()) {
    expect(exchange.status).toBe(404);
    expect(JSON.parse(replyText(exchange))).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: expect.stringContaining('model: nope') },
    });
  }
});

test.each([
  { model: 'nope', says: 'nope', status: 404 },
  { model: 'claude-sonnet-5', says: 'Set model to', status: 200 },
])('check 24: /model $model makes a probe that is answered with $status', async ({ model, says, status }) => {
  const { gateway } = await startGatewayOnFake();
  const run = await runClaude({ prompt: `/model ${model}`, workspace: await makeWorkspace(), url: gateway.url });
  expect(run.result?.result).toContain(says);
  for (const exchange of gateway.messages()) expect(exchange.status).toBe(status);
});

test('check 24: a title is JSON of the asked shape, whatever the model writes around it', async () => {
  const { gateway } = await startGatewayOnFake();
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
  const body = ask(say('Here you are:\n```json\n{"title": "Fix the parser"}\n```'), {
    tools: [],
    thinking: { type: 'disabled' },
    output_config: { format: { type: 'json_schema', schema } },
  });
  const { text } = await stream(gateway.url, body);
  expect(JSON.parse(text)).toEqual({ title: 'Fix the parser' });
});

test('check 20: /context counts through count_tokens and generates nothing', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const run = await runClaude({ prompt: '/context', workspace: await makeWorkspace(), url: gateway.url });
  expect(run.exitCode).toBe(0);
  expect(run.result?.result).toContain('Context Usage');
  const counts = gateway.exchanges.filter(({ path }) => path.startsWith('/v1/messages/count_tokens'));
  expect(counts.length).toBeGreaterThanOrEqual(12);
  for (const count of counts) {
    expect(count.status).toBe(200);
    expect(JSON.parse(replyText(count))).toEqual({ input_tokens: expect.any(Number) });
  }
  expect(gateway.messages()).toEqual([]);
  expect(engine.chats()).toEqual([]);
});

test('check 20: the count of a body is what the engine makes of it', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  expectSuccess(await runClaude({ prompt: say('ok'), workspace, url: gateway.url }), 'ok');
  const [exchange] = gateway.messages();
  const real = promptTokens(readStream(replyText(exchange ?? { pieces: [] })).usage);
  expect(real).toBe(engine.chats()[0]?.promptTokens);

  const counted = await fetch(`${gateway.url}/v1/messages/count_tokens?beta=true`, {
    method: 'POST',
    body: exchange?.text ?? '',
  });
  const { input_tokens } = (await counted.json()) as { input_tokens: number };
  expect(Math.abs(input_tokens - real)).toBeLessThanOrEqual(0.01 * real);
});
