import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../support/gateway.ts';

const hi = { model: 'opus', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };

test("Claude Code's question for a model is answered without the engine", async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const ask = (body: object) =>
    fetch(`${gateway.url}/v1/messages`, { method: 'POST', body: JSON.stringify({ ...hi, ...body }) });
  const answer = await ask({});
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ content: [{ type: 'text' }], usage: { output_tokens: 1 } });
  const asked = () => engine.requests.filter(({ method }) => method === 'POST').length;
  expect(asked()).toBe(0);

  expect((await ask({ model: 'no-such-model' })).status).toBe(404);
  for (const other of [
    { max_tokens: 20 },
    { messages: [{ role: 'user', content: 'Hi there' }] },
    { system: 'Be brief.' },
  ]) {
    expect((await ask(other)).status).toBe(200);
  }
  expect(asked()).toBe(3);
});
