import { expect, test } from 'vitest';
import type { Turn } from '../../../src/cli/doctor/turn.ts';
import { judgeCache, judgeStability } from '../../../src/cli/doctor/turns.ts';

const turn = (cachedTokens: number, cause: string): Turn => ({
  text: 'Noted.',
  toolCall: undefined,
  promptTokens: 2_000,
  cachedTokens,
  cause,
  ttftMs: 400,
  error: undefined,
});

test('a turn that reuses nothing is told with its cause, if the gateway names one', () => {
  const cold = turn(0, 'first turn of the session');
  expect(judgeCache(cold, turn(0, 'the engine keeps nothing'))).toMatchObject({
    mark: '!',
    text: expect.stringMatching(/^turn 2 was prefilled from its beginning \(.*\): the engine keeps nothing$/),
  });
  expect(judgeCache(cold, turn(0, '')).text).toMatch(/\)$/);
});

test('a prompt that changed between turns is told with what changed', () => {
  const second = turn(1_900, 'goes on from the last turn');
  expect(judgeStability(second, turn(1_950, 'goes on from the last turn')).mark).toBe('✓');
  expect(judgeStability(second, turn(0, 'system text changed: git status'))).toMatchObject({
    mark: '!',
    text: 'turn 3 reused 0 tokens, turn 2 1900: system text changed: git status',
  });
});
