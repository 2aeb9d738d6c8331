/** Engines that are slow or taken: the CLI must neither give up nor ask twice. */
import { expect, test } from 'vitest';
import { chat } from '../support/chat-client.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import type { Exchange } from '../support/tap.ts';
import { expectSuccess } from './claude.ts';
import { ask, stream } from './client.ts';
import { hang, say, script, slowly, words } from './script.ts';

/** Everything the gateway does by the clock, fifty times as fast. */
const fast = { openAfter: 60, keepAlive: 200 };

test('check 22, scaled: a long prefill is filled with events that count', async () => {
  const { gateway, engine } = await startGatewayOnFake({ timing: fast });
  const prompt = script([hang(6_000), say('at last')]);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'at last');
  expect(gateway.messages()).toHaveLength(1);
  expect(engine.chats()).toHaveLength(1);
  const [exchange] = gateway.messages();
  // In 300 s the CLI counts a stream as dead: a sixth of that here is the same with the clock fifty times as fast.
  expect(longestSilence(exchange)).toBeLessThan(300_000 / 50 / 6);
});

test('check 23: a request waits for the slot and gets its answer', async () => {
  const { gateway, engine } = await startGatewayOnFake({ timing: fast });
  const occupant = stream(gateway.url, ask(script([slowly(20), words(150)])));
  await engine.waitFor(() => engine.running() === 1);
  const run = await runClaude({ prompt: say('my turn'), workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'my turn');
  expect((await occupant).stopReason).toBe('end_turn');
  expect(gateway.messages().map(({ status }) => status)).toEqual([200, 200]);
  expect(engine.chats()).toHaveLength(2);
});

test('check 23: an engine somebody else keeps busy is waited for', async () => {
  const { gateway, engine } = await startGatewayOnFake({ timing: fast });
  const prompt = script([slowly(20), words(150)]);
  const messages = [{ role: 'user', content: prompt }];
  const outsider = chat(engine.url, { model: 'local', max_tokens: 1_000, messages, stream: true });
  await engine.waitFor(() => engine.running() === 1);
  const run = await runClaude({ prompt: say('my turn'), workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'my turn');
  expect((await outsider).status).toBe(200);
  expect(gateway.messages().map(({ status }) => status)).toEqual([200]);
});

test('check 23: a model that still loads is asked for again', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { loading: true }, timing: { healthInterval: 100 } });
  const running = runClaude({ prompt: say('loaded'), workspace: await makeWorkspace(), url: gateway.url });
  await gateway.waitFor(() => gateway.messages().some(({ status }) => status !== undefined));
  engine.quirks.loading = false;
  const run = await running;
  expectSuccess(run, 'loaded');
  for (const { status, replyHeaders } of gateway.messages()) {
    if (status === 200) continue;
    expect([429, 503, 529]).toContain(status);
    expect(Number(replyHeaders['retry-after'])).toBeLessThanOrEqual(60);
    expect(Number.isInteger(Number(replyHeaders['retry-after']))).toBe(true);
  }
});

/** Milliseconds between two pieces of a stream that hold more than pings, the time before the first one included. */
function longestSilence(exchange: Exchange | undefined): number {
  if (!exchange) throw new Error('no exchange');
  const counting = exchange.pieces.filter(({ bytes }) => /^event: (?!ping)/m.test(bytes.toString('utf8')));
  const times = [exchange.startedAt, ...counting.map(({ at }) => at), exchange.closedAt ?? Number.POSITIVE_INFINITY];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
}
