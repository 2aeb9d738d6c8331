import { expect, onTestFinished, test } from 'vitest';
import { changeBetween } from '../../../src/observe/overview/changes.ts';
import { merged } from '../../../src/observe/overview/merge.ts';
import type { Overview, SessionView, Span } from '../../../src/observe/overview/types.ts';
import { createWatch } from '../../../src/observe/overview/watch.ts';
import { createRing } from '../../../src/observe/ring.ts';
import { overview } from '../../cli/top/overview.ts';

const session = (id: string, activeAt = 1): SessionView => ({ id, client: 'ana', activeAt, inFlight: 0, lineages: [] });
const span = (id: number, patch: Partial<Span> = {}): Span => ({
  id,
  backend: 'mlx',
  slot: 0,
  kind: 'decode',
  from: overview.at + id,
  to: undefined,
  requestId: undefined,
  lineage: undefined,
  client: undefined,
  queuedFrom: undefined,
  warm: undefined,
  reason: '',
  ...patch,
});

test('of sessions and spans only those that changed are told, and sessions that are gone by name', () => {
  const [kept, gone] = [session('kept'), session('gone')];
  const [lasting, open] = [span(1), span(2)];
  const before: Overview = { ...overview, sessions: [kept, gone], timeline: [lasting, open] };
  const closed = { ...open, to: overview.at + 9 };
  const after = { ...before, sessions: [session('new', 2), kept], timeline: [lasting, closed, span(3)] };
  const change = changeBetween(before, after, true);
  expect(change).toEqual({
    at: overview.at,
    sessions: [session('new', 2)],
    gone: ['gone'],
    timeline: [closed, span(3)],
  });
  expect(change && merged(before, change)).toEqual(after);
});

test('tokens that were generated are told when they are asked for', () => {
  const [first, ...others] = overview.running;
  if (!first) throw new Error('nothing runs');
  const after = { ...overview, running: [{ ...first, outputTokens: 500 }, ...others] };
  expect(changeBetween(overview, after, false)).toBeUndefined();
  expect(changeBetween(overview, after, true)?.running).toEqual(after.running);
});

test('what is too old is dropped by whoever watches', () => {
  const before = { ...overview, timeline: [span(1, { to: overview.at + 5 }), span(2)] };
  const later = merged(before, { at: overview.at + 3_600_000 });
  expect(later.timeline.map(({ id }) => id)).toEqual([2]);
});

test('a picture that cannot be made ends those who watch and nothing else', async () => {
  let looks = 0;
  const broken = Promise.withResolvers<unknown>();
  const ended = Promise.withResolvers<void>();
  const watch = createWatch(() => {
    looks += 1;
    if (looks > 1) throw new Error('no picture');
    return overview;
  }, broken.resolve);
  onTestFinished(watch.subscribe({ changed() {}, ended: ended.resolve }));
  expect(await broken.promise).toEqual(new Error('no picture'));
  await ended.promise;
});

test('a ring keeps its newest, and what was read of it stays as it was', () => {
  const ring = createRing<number>(3);
  for (let nth = 1; nth <= 4; nth++) ring.push(nth);
  const read = ring.after(0);
  for (let nth = 5; nth <= 20; nth++) ring.push(nth);
  expect([read, ring.after(0)]).toEqual([
    [2, 3, 4],
    [18, 19, 20],
  ]);
});
