import { expect, test } from 'vitest';
import type { CreateBackend } from '../../src/backends/types.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { type ConfigInput, startGateway } from '../support/gateway.ts';
import { playedEngine } from '../support/played-engine.ts';

const body = { model: 'sonnet', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] };

/** Its template refuses every conversation as soon as it is counted. */
const refusing: CreateBackend = (options, hooks) => ({
  ...playedEngine().create(options, hooks),
  countTokens() {
    throw new GatewayError('engine_refused', 'Roles must alternate.');
  },
});

async function ask(backends: NonNullable<ConfigInput['backends']>) {
  const played = playedEngine();
  const gateway = await startGateway({ backends }, { backends: { openai: refusing, 'vllm-mlx': played.create } });
  const answer = fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { gateway, played, answer };
}

const strict = { type: 'openai', baseUrl: 'http://127.0.0.1:9', priority: 1 } as const;

test('what the template of one engine refuses is served by the next', async () => {
  const { played, answer } = await ask({
    strict,
    lax: { type: 'vllm-mlx', baseUrl: 'http://127.0.0.1:9', priority: 2 },
  });
  (await played.generation(1)).say(
    { type: 'started' },
    { type: 'text', text: 'here' },
    { type: 'ended', reason: 'end_turn' },
  );
  const response = await answer;
  expect(response.headers.get('x-warmslot-backend')).toBe('lax');
  expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: 'here' }] });
});

test('where there is no other, the client is told why', async () => {
  const { gateway, answer } = await ask({ strict });
  const response = await answer;
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { message: 'Roles must alternate.' } });
  expect(gateway.events).toContainEqual(expect.objectContaining({ type: 'request.refused', code: 'engine_refused' }));
});
