/** How long anybody waits, with engines that are as fast as they are thought to be. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultRates, generationMs } from '../../machines/policies/cost.ts';
import { type Band, fullPolicy, type Policy, type TurnEnd } from '../../machines/policies/types.ts';
import { startScheduler } from './scheduler-harness.ts';

interface Arrival {
  /** Milliseconds after the one before. */
  readonly gapMs: number;
  readonly client: string;
  readonly lineage: string;
  readonly band: Band;
  readonly endedIn: TurnEnd['endedIn'];
}

interface Wait extends Arrival {
  readonly startedAt: number;
  readonly deadline: number;
}

const stepMs = 250;
const generation = generationMs({ rates: defaultRates });

/** A prompt of the size that is assumed of all. */
const bytes = 50_000;
const promptOf = ({ lineage }: Arrival) => ({ prefixKey: lineage, prefixBytes: bytes, chain: [] });

/** One slot that keeps its last prompt; every request takes what is predicted for it. */
function play(arrivals: readonly Arrival[], policy: Policy, weights: Readonly<Record<string, number>> = {}) {
  const scheduler = startScheduler({ policy, maxWaiting: arrivals.length, weights });
  const { actor, clock } = scheduler;
  scheduler.cache('mlx', 'slots', [], 1);
  const waits: Wait[] = [];
  const idle: number[] = [];
  let apartMs = 0;
  let running: { readonly id: string; readonly until: number; readonly arrival: Arrival } | undefined;

  actor.on('lease.granted', ({ ticket }) => {
    const view = actor.getSnapshot().context.slots[0];
    const arrival = arrivals[Number(ticket.requestId)];
    if (!arrival || !view?.running) throw new Error('nothing runs');
    running = { id: ticket.requestId, until: clock.now() + view.running.durationMs, arrival };
    waits.push({
      ...arrival,
      startedAt: clock.now(),
      deadline: deadlines.get(ticket.requestId) ?? Number.POSITIVE_INFINITY,
    });
  });
  const deadlines = new Map<string, number>();

  /** In small steps: timers of a simulated clock see the time it was moved to. */
  const advance = (ms: number) => {
    const to = clock.now() + ms;
    while (clock.now() < to) {
      clock.increment(Math.min(stepMs, to - clock.now(), (running?.until ?? to) - clock.now()));
      if (!running || running.until > clock.now()) continue;
      const { id, arrival } = running;
      running = undefined;
      scheduler.cache('mlx', 'slots', [{ ...promptOf(arrival), slot: 0 }], 1);
      scheduler.release(id, 'finished', arrival.endedIn);
      watch();
    }
  };
  /** A slot that is free while somebody waits, who is not a side request. */
  const watch = () => {
    const { slots, queue, accounts } = scheduler.context();
    const there = new Set(queue.map(({ ticket }) => ticket.client));
    const spent = [...there].map((client) => accounts[client]?.spentMs ?? 0);
    if (there.size > 1) apartMs = Math.max(apartMs, Math.max(...spent) - Math.min(...spent));
    const urgent = queue.filter(({ ticket }) => ticket.band !== 'auxiliary');
    if (slots[0]?.state === 'free' && urgent.length > 0) idle.push(clock.now());
  };

  arrivals.forEach((arrival, index) => {
    const { gapMs, client, lineage, band } = arrival;
    advance(gapMs);
    scheduler.enqueue(String(index), { client, lineage, band, shape: promptOf(arrival), bytes });
    for (const { ticket, deadline } of scheduler.context().queue) deadlines.set(ticket.requestId, deadline);
    watch();
  });
  for (let patience = 0; waits.length < arrivals.length && patience < 1_000; patience++) advance(1_000);
  return { waits, idle, apartMs };
}

const arrival = fc.record({
  gapMs: fc.integer({ min: 0, max: 20_000 }),
  client: fc.constantFrom('ana', 'ben', 'cem'),
  lineage: fc.constantFrom('l1', 'l2', 'l3', 'l4'),
  band: fc.constantFrom<Band>('interactive', 'subagent', 'auxiliary'),
  endedIn: fc.constantFrom<TurnEnd['endedIn']>('tool_use', 'answer'),
});

/** A generation late at most: deadlines may take apart what was warm one after the other, and a side request waits for its own. */
test('everybody is served in time, and no slot is idle while somebody waits', () => {
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
      const { waits, idle } = play(arrivals, fullPolicy);
      expect(waits).toHaveLength(arrivals.length);
      expect(idle).toEqual([]);
      for (const { startedAt, deadline } of waits) expect(startedAt).toBeLessThanOrEqual(deadline + generation);
    }),
  );
});

test.each([1, 3])('two clients that always want more stay together, though one is warm (weight %d)', (weight) => {
  const turns = 60;
  const backlog = ['ana', 'ben'].flatMap((client): Arrival[] =>
    Array.from({ length: turns }, () => ({
      gapMs: 0,
      client,
      lineage: client,
      band: 'interactive',
      endedIn: 'answer',
    })),
  );
  const { waits, apartMs } = play(backlog, { ...fullPolicy, aging: false }, { ana: weight });
  expect(apartMs).toBeLessThanOrEqual(4 * generation);
  const early = waits.slice(0, turns).filter(({ client }) => client === 'ana').length / turns;
  expect(early).toBeGreaterThan(weight / (weight + 1) - 0.15);
  expect(early).toBeLessThan(weight / (weight + 1) + 0.15);
});

test('an endless stream of warm turns keeps no agent from its turn', () => {
  const turn: Arrival = { gapMs: 4_000, client: 'ana', lineage: 'main', band: 'interactive', endedIn: 'answer' };
  const agent: Arrival = { ...turn, lineage: 'agent', band: 'subagent' };
  const { waits } = play([turn, turn, agent, ...Array.from({ length: 60 }, () => turn)], fullPolicy);
  const served = waits.findIndex(({ lineage }) => lineage === 'agent');
  expect(served).toBeGreaterThan(2);
  expect(served).toBeLessThan(20);
});
