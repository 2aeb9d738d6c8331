/** What a warm prefix is worth on the real vllm-mlx: seconds of prefill, and the answer is the same to the last token. */
import { expect, test } from 'vitest';
import { chat, textOf } from '../support/chat-client.ts';
import { type LongPrefix, longPrefix, requestOf, type Said } from './long-prompt.ts';
import { ask, countersOf, emptyCache, median, type OnReal, report, startGatewayOnReal } from './support.ts';

/** The model prints how many tokens its KV cache holds of the prompt, and their digest. */
const seen = 'SEEN';
/** On a machine that is busy with other things; alone it gives more than 50. */
const leastGain = 25;

test.each(['simple', 'simple-wait', 'batched'] as const)('the second turn behind 17,000 tokens, %s', async (mode) => {
  const real = await startGatewayOnReal(mode);
  const prefix = longPrefix(17_400);
  const first = await ask(real.gateway, requestOf(prefix, [{ user: seen }]));
  const second = (user: string) => requestOf(prefix, [{ user: seen, assistant: first.text }, { user }]);
  const warm = [];
  for (const user of [seen, `Again.\n${seen}`, `And again.\n${seen}`]) warm.push(await ask(real.gateway, second(user)));
  expect(await countersOf(real)).toEqual({ hits: warm.length, misses: 1 });

  await emptyCache(real);
  const cold = await ask(real.gateway, second(seen));
  expect(cold.cachedTokens).toBe(0);
  // The same token ids in the same order, whether the engine restored them or read them.
  expect(warm[0]?.text).toMatch(/^seen=\d+ sha=\w{8}$/);
  expect(warm[0]?.text).toBe(cold.text);
  for (const { cachedTokens, promptTokens } of warm) expect(cachedTokens).toBeGreaterThan(0.98 * promptTokens);

  const warmMs = median(warm.map(({ ttftMs }) => ttftMs));
  report(`vllm-mlx, ${mode}: first token of turn 2, ${cold.promptTokens} tokens`, {
    'first turn, ms': first.ttftMs,
    'second turn uncached, ms': cold.ttftMs,
    'second turn, ms': warmMs,
    'times as fast': cold.ttftMs / warmMs,
  });
  expect(cold.ttftMs / warmMs).toBeGreaterThan(leastGain);
});

test('a prompt sent again, and one gone back to, on the batched engine', async () => {
  const real = await startGatewayOnReal('batched');
  const prefix = longPrefix(9_000);
  const one: Said[] = [{ user: seen }];
  const cold = await ask(real.gateway, sampled(prefix, one));
  const two: Said[] = [{ user: seen, assistant: cold.text }, { user: `Go on.\n${seen}` }];
  await ask(real.gateway, sampled(prefix, two));
  const again = await ask(real.gateway, sampled(prefix, two));
  const back = await ask(real.gateway, sampled(prefix, one));
  const backAgain = await ask(real.gateway, sampled(prefix, one));
  const repeats = [again, back, backAgain];
  for (const { cachedTokens, promptTokens } of repeats) expect(cachedTokens).toBeGreaterThan(0.99 * promptTokens);

  // Directly, what the engine got last: the first time it is as good as new, the second time it comes again.
  await emptyCache(real);
  const [uncached, engineAlone] = [await directly(real), await directly(real)];
  expect(uncached.text).toBe(backAgain.text);
  expect(engineAlone.text).toBe(backAgain.text);
  const slowest = Math.max(...repeats.map(({ ttftMs }) => ttftMs));
  report(`vllm-mlx, batched: the same prompt again, ${cold.promptTokens} tokens`, {
    'uncached, ms': uncached.ms,
    'sent again to the engine itself, ms': engineAlone.ms,
    'sent again, ms': again.ttftMs,
    'gone back to, ms': back.ttftMs,
    'gone back to once more, ms': backAgain.ttftMs,
  });
  expect(slowest).toBeLessThan(uncached.ms / 5);
});

/** At temperature 0 the same request is to have the same answer, so nothing of it is changed. */
const sampled = (prefix: LongPrefix, said: readonly Said[]) => requestOf(prefix, said, { temperature: 1 });

/** Sends the engine once more what it was sent last. */
async function directly({ engine, wire }: OnReal): Promise<{ text: string; ms: number }> {
  const body = wire.exchanges.findLast(({ path }) => path === '/v1/chat/completions')?.text;
  const startedAt = performance.now();
  const firstAt = Promise.withResolvers<number>();
  const result = await chat(engine.url, body, {
    onRecord(record) {
      if (record.type === 'chunk' && record.chunk.choices[0]?.delta.content) firstAt.resolve(performance.now());
    },
  });
  return { text: textOf(result), ms: (await firstAt.promise) - startedAt };
}
