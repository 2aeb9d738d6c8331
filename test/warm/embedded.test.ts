/** The embedded engine: a prefix of 20,000 tokens is read once, whatever happens to slots, conversations and processes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { longPrefix, requestOf } from './long-prompt.ts';
import { type Answer, ask, counted, report } from './support.ts';

test('turn 2, a new conversation from a snapshot, and one after a restart, behind 20,000 tokens', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'warmslot-warm-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const prefix = longPrefix(20_000);
  const one = { user: 'What is in the first file?' };
  const started = await startEmbedded(dir);
  const cold = await ask(started, requestOf(prefix, [one]));
  const second = requestOf(prefix, [{ ...one, assistant: cold.text }, { user: 'And in the second one?' }]);
  const fresh = requestOf(prefix, [{ user: 'Who wrote the tests?' }]);

  const inPlace = await ask(started, second);
  const exact = await ask(started, second);
  // Somebody else has the slot meanwhile.
  await ask(started, requestOf(longPrefix(1_500, 7), [{ user: 'Hello.' }]));
  const snapshot = await ask(started, fresh);
  await started.app.close();
  const restarted = await startEmbedded(dir);
  const afterRestart = await ask(restarted, fresh);
  await restarted.app.close();
  const without = await startEmbedded(join(dir, 'none'), 0);
  const [freshCold, ...rest] = [await ask(without, fresh), await ask(without, second)];

  // Restored or read: not one token of the answer differs.
  expect(snapshot.text).toBe(freshCold.text);
  expect(afterRestart.text).toBe(freshCold.text);
  expect(exact.text).toBe(inPlace.text);
  expect(rest[0]?.text).toBe(inPlace.text);
  expect(freshCold.cachedTokens).toBe(0);
  for (const warm of [inPlace, exact, snapshot, afterRestart]) {
    expect(warm.cachedTokens).toBeGreaterThan(0.98 * warm.promptTokens);
  }

  const times = (answer: Answer) => `${answer.ttftMs.toFixed(0)} (${(cold.ttftMs / answer.ttftMs).toFixed(0)} times)`;
  report(`embedded engine: first token, ${cold.promptTokens} tokens, ms`, {
    uncached: times(cold),
    'turn 2, in place': times(inPlace),
    'the same again': times(exact),
    'a new conversation, from a snapshot': times(snapshot),
    'a new conversation, after a restart': times(afterRestart),
  });
  for (const [answer, gain] of [
    [inPlace, 41],
    [exact, 41],
    [snapshot, 20],
    [afterRestart, 20],
  ] as const) {
    expect(cold.ttftMs / answer.ttftMs).toBeGreaterThan(gain);
  }
});

/** One slot, on the generated demo model. */
function startEmbedded(dir: string, maxBytes = 1_000_000_000): Promise<TestGateway> {
  const cache = { snapshots: { dir, maxBytes }, models: { dir: join(tmpdir(), 'warmslot-demo-models') } };
  return startGateway({ ...counted, backends: { local: { type: 'llama-cpp', slots: 1 } }, cache });
}
