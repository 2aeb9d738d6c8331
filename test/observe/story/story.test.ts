import { expect, test } from 'vitest';
import type { Moment } from '../../../src/observe/story/moment.ts';
import { createRecent } from '../../../src/observe/story/recent.ts';
import { storyOf } from '../../../src/observe/story/story.ts';

const start = Date.UTC(2026, 10, 21, 12, 0, 0);
const whose = { lineage: 's1/main', client: 'ana', band: 'interactive' } as const;
const other = { lineage: 's2/main', client: 'ben', band: 'interactive' } as const;
type Facts<M = Moment> = M extends Moment ? Omit<M, 'at'> : never;
const at = (ms: number, facts: Facts): Moment => ({ ...facts, at: start + ms }) as Moment;
const lease = { backend: 'mlx', slot: 0, plan: 'none', reason: 'the least recently used slot', waiting: 0 };

const life: readonly Moment[] = [
  at(-5_000, { type: 'request.started', requestId: 'req_b', ...other, session: 's2', model: 'opus', cache: 'miss' }),
  at(-5_000, { type: 'lease.granted', requestId: 'req_b', ...other, ...lease, reason: 'the slot is unused' }),
  at(0, { type: 'request.started', requestId: 'req_a', ...whose, session: 's1', model: 'opus', cache: 'miss' }),
  at(1, {
    type: 'session.turn',
    requestId: 'req_a',
    turn: 4,
    cause: 'tools changed: +1 -0 (+Web)',
    sharedBytes: 9,
    ofBytes: 99,
    lostTokens: 800,
  }),
  at(2, {
    type: 'queue.joined',
    requestId: 'req_a',
    ...whose,
    promptTokens: 900,
    waiting: 1,
    place: 1,
    startsInMs: 9_500,
  }),
  at(10_000, { type: 'lease.released', requestId: 'req_b', outcome: 'finished' }),
  at(10_002, { type: 'lease.granted', requestId: 'req_a', ...whose, ...lease }),
  at(10_010, { type: 'attempt.accepted', requestId: 'req_a' }),
  at(35_002, { type: 'attempt.prefilled', requestId: 'req_a' }),
  at(35_003, { type: 'attempt.firstToken', requestId: 'req_a' }),
  at(39_000, {
    type: 'toolCall.read',
    requestId: 'req_a',
    tool: 'Read',
    outcome: 'repaired',
    changes: ['a trailing comma'],
  }),
  at(39_990, { type: 'attempt.done', requestId: 'req_a' }),
  at(39_990, { type: 'lease.released', requestId: 'req_a', outcome: 'finished' }),
  at(40_000, {
    ...{ type: 'request.finished', requestId: 'req_a', outcome: 'done', backend: 'mlx', slot: 0, cache: 'miss' },
    ...{ promptTokens: 912, cachedTokens: 100, outputTokens: 50, queuedMs: 10_002, ttftMs: 35_002, totalMs: 40_000 },
  } as Facts),
];

const recentOf = (moments: readonly Moment[]) => {
  const recent = createRecent();
  for (const moment of moments) recent.add(moment);
  return recent;
};
const tell = (moments: readonly Moment[], id = 'req_a', now = start + 60_000) =>
  storyOf(id, recentOf(moments).about(id) ?? [], now);

test('why a turn took forty seconds', () => {
  expect(tell(life)).toEqual([
    'req_a, 2026-11-21 12:00:00 UTC: an interactive turn of ana, lineage s1/main, done after 40.000 s',
    '',
    '    before              slot 0 of mlx goes to req_b (interactive, ben): the slot is unused',
    '  +0.000 s  admitting   arrives, for the model opus',
    '  +0.001 s  -           turn 4 of its lineage: tools changed: +1 -0 (+Web), which loses 800 tokens',
    '  +0.002 s  queued      place 1 of 1 in the queue, expected to start in 9.5 s; about 900 prompt tokens',
    ' +10.000 s              req_b gives its slot back',
    ' +10.002 s  connecting  gets slot 0 of mlx: the least recently used slot; the engine has nothing of the prompt',
    ' +10.010 s  prefilling  the engine has taken the prompt and reads it',
    ' +35.002 s  -           the engine is through with the prompt',
    ' +35.003 s  decoding    the first content is on its way to the client',
    ' +39.000 s  -           calls the tool Read: repaired (a trailing comma)',
    ' +39.990 s  settling    the answer is complete; the client reads its end',
    ' +39.990 s  -           the slot is given back',
    ' +40.000 s  done        the client has the last byte: 912 tokens read, 100 of them from the cache, 50 written',
    '',
    'Where the time went: waiting for a slot 10.000 s (25 %), reading the prompt 25.000 s (63 %), writing the answer 4.988 s (12 %), everything else 0.012 s (0 %).',
    'Of 912 prompt tokens the engine had 100 and read 812: tools changed: +1 -0 (+Web).',
  ]);
});

test('of one that still waits there is told what there is', () => {
  const told = tell(life.slice(0, 5), 'req_a', start + 4_002);
  expect(told[0]).toMatch(/not over after 4\.002 s$/);
  expect(told.at(-1)).toBe('Where the time went: waiting for a slot 4.000 s (100 %), everything else 0.002 s (0 %).');
});

test('what others did on the slots that it waited for is shortened to the last of it', () => {
  const rivals = Array.from({ length: 30 }, (_, i): readonly Moment[] => [
    at(10 + i * 10, {
      type: 'request.started',
      requestId: `req_${i}`,
      ...other,
      session: 's2',
      model: 'opus',
      cache: 'miss',
    }),
    at(10 + i * 10, { type: 'lease.granted', requestId: `req_${i}`, ...other, ...lease }),
    at(19 + i * 10, { type: 'lease.released', requestId: `req_${i}`, outcome: 'finished' }),
  ]).flat();
  const told = tell([...life.slice(2, 5), ...rivals, ...life.slice(6)]);
  expect(told.filter((line) => line.includes('goes to'))).toHaveLength(10);
  expect(told.find((line) => line.includes('not shown'))).toMatch(/ 40 events of others/);
});

test('the last requests are remembered, older ones and warm-ups forgotten', () => {
  const recent = createRecent();
  for (let i = 0; i < 1_000; i++) {
    const requestId = `req_${i}`;
    recent.add(at(i, { type: 'request.refused', requestId, client: 'ana', code: 'unknown_model' }));
    const warmUp = { requestId: `warm-mlx-${i}`, ...whose } as const;
    recent.add(at(i, { type: 'queue.joined', ...warmUp, promptTokens: 0, waiting: 0, place: 1, startsInMs: 0 }));
    recent.add(at(i, { type: 'queue.left', requestId: `warm-mlx-${i}`, waiting: 0 }));
  }
  expect(recent.newest()).toBe('req_999');
  expect(recent.about('req_999')).toHaveLength(1);
  expect(recent.about('req_700')).toBeUndefined();
  expect(recent.about('req_0')).toBeUndefined();
});
