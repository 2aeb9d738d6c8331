/** When an answer that nobody reads is in somebody's way. */
import { expect, test } from 'vitest';
import type { Ticket } from '../../machines/policies/types.ts';
import { isWanted } from '../../src/runtime/grace.ts';
import { ticket } from '../machines/fixtures.ts';
import { startScheduler } from '../machines/scheduler-harness.ts';

/** Two engines at work, and `waiting` in the queue. */
function startBusy(waiting?: Partial<Ticket>) {
  const scheduler = startScheduler({ backends: ['mlx', 'spare'], slots: 1 });
  scheduler.enqueue('r1', { candidates: ['mlx'] });
  scheduler.enqueue('r2', { candidates: ['spare'] });
  if (waiting) scheduler.enqueue('r3', { candidates: ['mlx'], ...waiting });
  return scheduler;
}

const wanted = (
  { actor }: ReturnType<typeof startBusy>,
  { deserted = ticket('r1'), hasSlot = true, others = false } = {},
) => isWanted(actor.getSnapshot(), deserted, hasSlot ? 'mlx' : undefined, () => others);

test.each<[string, boolean, Partial<Ticket> | undefined]>([
  ['nobody waits', false, undefined],
  ['its like waits', true, {}],
  ['somebody waits who could take another engine too', true, { candidates: ['spare', 'mlx'] }],
  ['somebody waits for another engine', false, { candidates: ['spare'] }],
  ['somebody less urgent waits', false, { band: 'subagent' }],
])('where %s, its slot is wanted: %s', (_, expected, waiting) => {
  expect(wanted(startBusy(waiting))).toBe(expected);
});

test('a subagent’s slot is wanted by whoever is more urgent', () => {
  const deserted = ticket('r1', { band: 'subagent' });
  expect(wanted(startBusy({ band: 'interactive' }), { deserted })).toBe(true);
  expect(wanted(startBusy({ band: 'auxiliary' }), { deserted })).toBe(false);
});

test('nobody is kept from anything by a place in the queue, nor by one that nobody reads the answer of', () => {
  const busy = startBusy({});
  expect(wanted(busy, { hasSlot: false })).toBe(false);
  expect(wanted(busy, { others: true })).toBe(false);
});

test('a gateway that closes waits for nobody to come back', () => {
  const idle = startBusy();
  idle.actor.send({ type: 'drain' });
  expect([wanted(idle), wanted(idle, { hasSlot: false })]).toEqual([true, true]);
});
