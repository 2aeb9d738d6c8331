import { expect, test } from 'vitest';
import type { Span } from '../../src/observe/overview/types.ts';
import { spanAt } from '../../src/web/timeline/layout.js';
import { endOf, panned, start, zoomed } from '../../src/web/timeline/view.js';
import { tell } from '../../src/web/timeline/words.js';

const minute = 60_000;
const now = 100 * minute;

test('it goes on with the time until somebody goes back in it, and again when they come forward', () => {
  expect(endOf(start, now)).toBe(now);
  const back = panned(start, -5 * minute, now);
  expect(endOf(back, now + minute)).toBe(now - 5 * minute);
  expect(panned(back, 6 * minute, now)).toEqual(start);
});

test('it does not go back further than what is kept', () => {
  const back = panned({ width: 3 * minute, end: undefined }, -60 * minute, now);
  expect(endOf(back, now) - back.width).toBe(now - 15 * minute);
});

test('zooming keeps the moment under the pointer where it is', () => {
  const back = { width: 4 * minute, end: now - 4 * minute };
  const middle = now - 6 * minute;
  const { width, end } = zoomed(back, 0.5, 0.5, now);
  expect(width).toBe(2 * minute);
  expect((end ?? 0) - width / 2).toBe(middle);
  expect(zoomed(start, 0.5, 0.5, now)).toEqual({ width: start.width / 2, end: undefined });
});

const span: Span = {
  id: 1,
  backend: 'mlx',
  slot: 1,
  kind: 'prefill',
  from: 2_000,
  to: 5_000,
  requestId: 'req_1',
  lineage: 's/main',
  client: 'ana',
  queuedFrom: 500,
  warm: 0.25,
  reason: 'the slot is unused',
};

test('what is pointed at is found by slot and time', () => {
  const rows = [0, 1].map((slot) => ({ backend: 'mlx', slot }));
  const frame = { width: 1_100, height: 60, gutter: 100, row: 20, rows, from: 0, to: 10_000 };
  expect(spanAt(frame, [span], 400, 30, now)).toBe(span);
  expect(spanAt(frame, [span], 400, 10, now)).toBe(undefined);
  expect(spanAt(frame, [span], 700, 30, now)).toBe(undefined);
});

test('a span is told in words', () => {
  expect(tell(span, now)).toEqual({
    title: 'prefill, 3.0 s, waited 1.5 s',
    lines: ['ana: s/main', '25 % of the prompt was warm', 'the slot is unused'],
  });
  const going: Span = { ...span, kind: 'decode', to: undefined, warm: undefined, queuedFrom: undefined };
  expect(tell(going, 4_000).title).toBe('decode, 2.0 s so far');
});
