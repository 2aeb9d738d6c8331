import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Band, CacheKind, Intake, Ticket, TurnEnd } from '../../machines/policies/types.ts';
import type { Lease } from '../../machines/scheduler.ts';
import { held, shape } from './fixtures.ts';
import { startScheduler } from './scheduler-harness.ts';

const names = ['mlx', 'spare'];
const requestId = fc.nat(11).map((number) => `r${number}`);

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('enqueue' as const),
      requestId,
      band: fc.constantFrom<Band>('interactive', 'subagent', 'auxiliary'),
      candidates: fc.subarray(names, { minLength: 1 }),
      pooled: fc.boolean(),
      client: fc.constantFrom('ana', 'ben'),
      lineage: fc.constantFrom('l1', 'l2', 'l3'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), requestId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('release' as const),
      requestId,
      outcome: fc.constantFrom<'finished' | 'abandoned'>('finished', 'abandoned'),
      endedIn: fc.constantFrom<TurnEnd['endedIn'] | undefined>('tool_use', 'answer', undefined),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('progress' as const), requestId }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('cache' as const),
      name: fc.constantFrom(...names),
      kind: fc.constantFrom<CacheKind>('none', 'prefixes', 'conversations', 'slots'),
      held: fc.subarray(['l1', 'l2', 'l3']),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('backend' as const),
      name: fc.constantFrom(...names),
      intake: fc.constantFrom<Intake>('full', 'trial', 'soon', 'none'),
      slots: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(300, 5_000, 30_000, 600_000) }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

type Enqueue = Extract<Command, { type: 'enqueue' }>;

function ticketOf({ band, candidates, pooled, client, lineage }: Enqueue): Partial<Ticket> {
  return { band, candidates, pool: pooled ? candidates : [], client, lineage, shape: shape(lineage, lineage) };
}

/** As fast as nothing: also a rate of zero must not hurt. */
function measure({ actor }: ReturnType<typeof startScheduler>, requestId: string): void {
  actor.send({ type: 'lease.measured', requestId, prefillMs: 0, decodeMs: 0, reused: undefined });
}

/** Runs commands against the real scheduler and watches, from outside, who may hold what. */
function watch() {
  const scheduler = startScheduler({ backends: [], maxWaiting: 4 });
  const waiting = new Set<string>();
  const leases = new Map<string, Lease>();
  const seen = new Map<string, number>();

  const listen = (id: string) => {
    for (const event of scheduler.heard(id).slice(seen.get(id) ?? 0)) {
      expect(waiting.has(id), `${id} is told ${event.type} though it does not wait`).toBe(true);
      waiting.delete(id);
      if (event.type === 'lease.refused') continue;
      const { backend, slot } = event.lease;
      const others = [...leases.values()].filter((lease) => lease.backend === backend && lease.slot === slot);
      expect(others, `${backend}#${slot} is leased twice`).toEqual([]);
      leases.set(id, event.lease);
    }
    seen.set(id, scheduler.heard(id).length);
  };

  const run = (command: Command) => {
    switch (command.type) {
      case 'enqueue':
        if (waiting.has(command.requestId) || leases.has(command.requestId)) return;
        waiting.add(command.requestId);
        seen.set(command.requestId, 0);
        scheduler.enqueue(command.requestId, ticketOf(command));
        break;
      case 'progress':
        scheduler.actor.send({ type: 'lease.progress', requestId: command.requestId });
        break;
      case 'cache':
        scheduler.cache(
          command.name,
          command.kind,
          command.held.map((lineage, slot) => held(slot, lineage)),
        );
        break;
      case 'leave':
        waiting.delete(command.requestId);
        scheduler.leave(command.requestId);
        break;
      case 'release':
        if (leases.delete(command.requestId)) measure(scheduler, command.requestId);
        scheduler.release(command.requestId, command.outcome, command.endedIn);
        break;
      case 'backend':
        scheduler.backend(command.name, command.intake, command.slots);
        break;
      case 'wait':
        scheduler.clock.increment(command.ms);
        break;
    }
    for (let number = 0; number < 12; number++) listen(`r${number}`);
    const { queue, leases: granted } = scheduler.context();
    expect(queue.map(({ ticket }) => ticket.requestId).sort()).toEqual([...waiting].sort());
    expect(Object.keys(granted).sort()).toEqual([...leases.keys()].sort());
  };

  /** Everybody releases, every engine is up, nothing is in quarantine: then nobody may be left waiting. */
  const settle = () => {
    for (const name of names) run({ type: 'backend', name, intake: 'full', slots: 1 });
    run({ type: 'wait', ms: 600_000 });
    run({ type: 'wait', ms: 30_000 });
    while (leases.size > 0) {
      for (const id of leases.keys()) run({ type: 'release', requestId: id, outcome: 'finished', endedIn: 'answer' });
      run({ type: 'wait', ms: 30_000 });
    }
    expect([...waiting]).toEqual([]);
    expect(scheduler.slotStates().filter((state) => !state.endsWith(' free'))).toEqual([]);
  };
  return { run, settle };
}

test('no lease is given twice, to somebody who left, or lost, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const { run, settle } = watch();
      for (const each of commands) run(each);
      settle();
    }),
  );
});
