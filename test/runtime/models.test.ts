import { expect, onTestFinished, test } from 'vitest';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { startGateway } from '../support/gateway.ts';

async function engineUrl(): Promise<string> {
  const engine = await startFakeVllmMlx();
  onTestFinished(() => engine.close());
  return engine.url;
}

test('a model two engines have is listed once, with the limits of the preferred one', async () => {
  const { url } = await startGateway({
    backends: {
      second: { type: 'vllm-mlx', priority: 2, baseUrl: await engineUrl(), contextWindow: 20_000 },
      first: { type: 'vllm-mlx', priority: 1, baseUrl: await engineUrl(), contextWindow: 10_000 },
    },
  });
  const listed = await (await fetch(`${url}/v1/models`)).json();
  expect(listed).toMatchObject({
    data: [
      { id: 'anthropic-local', max_input_tokens: 10_000 },
      { id: expect.stringMatching(/^claude-opus/) },
      { id: expect.stringMatching(/^claude-sonnet/) },
      { id: expect.stringMatching(/^claude-haiku/) },
    ],
  });
});
