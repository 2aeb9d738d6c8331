import { expect, test } from 'vitest';
import type { Change, Decision, Overview, SessionView, Span } from '../../src/observe/overview/types.ts';
import { nothingYet, type Picture, reduce } from '../../src/web/picture.js';

const minute = 60_000;

const empty: Overview = {
  at: 20 * minute,
  gateway: {
    status: 'healthy',
    version: '1',
    startedAt: 0,
    draining: false,
    cache: { hits: 0, misses: 0, total_requests: 0, hit_rate: '0.0%', cached_items: 0 },
    prefix_cache: { hits: 0, misses: 0, tokens_reused: 0, tokens_prefilled: 0 },
    tool_calls: { ok: 0, repaired: 0, retyped: 0, reasked: 0, failed: 0 },
  },
  engines: [],
  queue: [],
  running: [],
  sessions: [],
  clients: [],
  timeline: [],
  log: [],
};

const session = (id: string, inFlight = 0): SessionView => ({ id, client: 'ana', activeAt: 0, inFlight, lineages: [] });
const span = (id: number, to?: number): Span => ({
  id,
  backend: 'mlx',
  slot: 0,
  kind: 'decode',
  from: 0,
  to,
  requestId: undefined,
  lineage: undefined,
  client: undefined,
  queuedFrom: undefined,
  warm: undefined,
  reason: '',
});
const decision = (number: number): Decision => ({ number, at: 0, type: '', requestId: undefined, text: '' });

/** After the whole and changes to it. */
function after(overview: Partial<Overview>, ...changes: readonly Omit<Change, 'at'>[]): Picture {
  const whole = reduce(nothingYet, { type: 'overview', overview: { ...empty, ...overview }, now: 19 * minute });
  return changes.reduce(
    (picture, change) => reduce(picture, { type: 'change', change: { at: empty.at, ...change } }),
    whole,
  );
}

test('the whole begins the picture, and tells how far the clocks are apart', () => {
  expect(after({})).toMatchObject({ connection: 'live', offset: minute, overview: empty });
  expect(reduce(nothingYet, { type: 'change', change: { at: 1, log: [decision(1)] } })).toBe(nothingYet);
});

test('sessions stay where they are, new ones come first, and those that are gone go', () => {
  const { overview } = after(
    { sessions: [session('a'), session('b'), session('c')] },
    { sessions: [session('c', 1), session('d')], gone: ['a'] },
  );
  expect(overview?.sessions.map(({ id, inFlight }) => `${id}${inFlight}`)).toEqual(['d0', 'b0', 'c1']);
});

test('what did not change is the same object, so that it is not rendered again', () => {
  const [a, b] = [session('a'), session('b')];
  const { overview } = after({ sessions: [a, b] }, { sessions: [session('a', 1)] });
  expect(overview?.sessions[1]).toBe(b);
  expect(after({ sessions: [a, b] }, { queue: [] }).overview?.sessions[0]).toBe(a);
});

test('spans are replaced by id, and forgotten after a quarter of an hour', () => {
  const { overview } = after(
    { timeline: [span(1, 4 * minute), span(2, 6 * minute), span(3)] },
    { timeline: [span(3, 19 * minute), span(4)] },
  );
  expect(overview?.timeline.map(({ id, to }) => [id, to])).toEqual([
    [2, 6 * minute],
    [3, 19 * minute],
    [4, undefined],
  ]);
});

test('the log grows at its end and is bounded', () => {
  const many = Array.from({ length: 250 }, (_, index) => decision(index + 2));
  const { overview } = after({ log: [decision(1)] }, { log: many });
  expect(overview?.log).toHaveLength(200);
  expect(overview?.log.at(-1)?.number).toBe(251);
});
