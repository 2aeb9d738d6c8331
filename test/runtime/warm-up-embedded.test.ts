/** The embedded engine, whose prefill takes real time and stops where it is told to. */
import { expect, test } from 'vitest';
import { longText } from '../backends/llama-cpp/support.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { liveClient } from '../support/live-client.ts';

const start = () =>
  startGateway(
    { backends: { 'llama-cpp': { slots: 1, contextWindow: 8_192 } }, scheduling: { warmUp: true, graceSeconds: 0 } },
    { timing: { warmUp: 20 } },
  );

const ask = ({ url }: TestGateway, system: string) =>
  liveClient(url, {
    model: 'claude-test',
    max_tokens: 2,
    stream: true,
    system,
    tools: [{ name: 'Bash', description: 'Runs it.', input_schema: { type: 'object' } }],
    messages: [{ role: 'user', content: 'Hello' }],
  });

const outcomes = ({ events }: TestGateway) =>
  events.flatMap((event) => (event.type === 'warmUp.ended' ? [event.outcome] : []));

/** Somebody asks and leaves again while the engine prefills. */
async function giveUp(gateway: TestGateway, system: string) {
  const client = ask(gateway, system);
  await expect.poll(() => gateway.app.gateway.requests.running()).toBe(1);
  client.leave();
  await expect
    .poll(() => gateway.events.some(({ type }) => type === 'warmUp.started'), { interval: 5, timeout: 10_000 })
    .toBe(true);
}

test('what was given up is prefilled to its end, and found by who asks again', async () => {
  const gateway = await start();
  const system = longText(1_500, 1);
  await giveUp(gateway, system);
  await expect.poll(() => outcomes(gateway), { timeout: 10_000 }).toEqual(['done']);
  const body = await ask(gateway, system).body;
  const read = [...body.matchAll(/"cache_read_input_tokens":(\d+)/g)].map(([, tokens]) => Number(tokens));
  expect(read.at(-1)).toBeGreaterThan(1_400);
});

test('somebody with another prompt does not wait for it', async () => {
  const gateway = await start();
  await giveUp(gateway, longText(6_000, 2));
  const body = await ask(gateway, 'Be brief.').body;
  expect(body).toContain('message_stop');
  expect(outcomes(gateway)).toEqual(['dropped']);
  expect(gateway.app.gateway.backends.map(({ running }) => running)).toEqual([0]);
});
