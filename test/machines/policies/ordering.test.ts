import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Candidate, deadlineOrder, serviceOrder } from '../../../machines/policies/ordering.ts';
import { type Band, fullPolicy } from '../../../machines/policies/types.ts';
import { backendView, slotView, ticket, waiting } from '../fixtures.ts';

const bands = ['interactive', 'subagent', 'auxiliary'] as const;

interface Facts {
  readonly band?: Band;
  readonly deadline?: number;
  readonly excessMs?: number;
  readonly prefillMs?: number;
}

/** One whose turn takes a second besides its prefill. */
function candidate(id: string, { band, deadline, excessMs = 0, prefillMs = 0 }: Facts = {}): Candidate {
  const reuse = { bytes: 0, restored: 0 };
  const spot = { backend: backendView(), slot: slotView(0), reuse, prefillMs, durationMs: prefillMs + 1_000 };
  return { waiting: waiting(ticket(id, band ? { band } : {}), deadline), spot, excessMs };
}

const order = (candidates: readonly Candidate[], policy = fullPolicy) =>
  serviceOrder(candidates, policy).map(({ waiting }) => waiting.ticket.requestId);

test('bands go in order, and inside a band whoever came first', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...bands)), (arriving) => {
      const queue = arriving.map((band, index) => candidate(`r${index}`, { band }));
      const expected = bands.flatMap((band) => queue.filter(({ waiting }) => waiting.ticket.band === band));
      expect(serviceOrder(queue, fullPolicy)).toEqual(expected);
    }),
  );
});

test('inside a band fairness decides, then the shortest prefill', () => {
  const cold = candidate('cold', { prefillMs: 900 });
  const warm = candidate('warm', { prefillMs: 5 });
  const greedy = candidate('greedy', { excessMs: 1 });
  const agent = candidate('agent', { band: 'subagent' });
  expect(order([agent, greedy, cold, warm])).toEqual(['warm', 'cold', 'greedy', 'agent']);
});

test('where time is short deadlines decide, over all bands and clients', () => {
  const first = candidate('first', { deadline: 9_000 });
  const title = candidate('title', { band: 'auxiliary', deadline: 1_400, excessMs: 7 });
  const agent = candidate('agent', { band: 'subagent', deadline: 1_300 });
  expect(deadlineOrder([first, title, agent])).toEqual([agent, title, first]);
});

test('by arrival alone', () => {
  const policy = { order: 'fifo', fairness: false, hold: false, aging: false } as const;
  const queue = [candidate('title', { band: 'auxiliary', prefillMs: 900 }), candidate('turn')];
  expect(order(queue, policy)).toEqual(['title', 'turn']);
});
