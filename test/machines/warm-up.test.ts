import { expect, test } from 'vitest';
import { createActor, fromCallback, fromPromise, SimulatedClock } from 'xstate';
import type { Ticket } from '../../machines/policies/types.ts';
import { type WarmUpEmitted, type WarmUpEvent, warmUpMachine } from '../../machines/warm-up.ts';
import { cover } from './coverage.ts';
import { listener, ticket } from './fixtures.ts';

interface Heard {
  readonly type: string;
  readonly outcome?: string;
}

const chosen = ticket('w1', { band: 'auxiliary', candidates: ['mlx'] });
const { prefixKey } = chosen.shape;
const lease = {
  requestId: 'w1',
  backend: 'mlx',
  slot: 0,
  plan: 'snapshot',
  share: 0,
  restores: false,
  reason: 'idle',
} as const;

/** Invoked actors answer in microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function startWarmUp(choice: () => Ticket | undefined = () => chosen) {
  const clock = new SimulatedClock();
  const { ref, heard } = listener<Heard>();
  const asked: boolean[] = [];
  const wanted: (string | undefined)[] = [];
  const forgotten: string[] = [];
  let stopped = false;
  const machine = warmUpMachine.provide({
    actors: {
      choose: fromPromise(async ({ input }) => {
        asked.push(input.awaited);
        wanted.push(input.wanted);
        return choice();
      }),
      prefill: fromCallback(() => () => {
        stopped = true;
      }),
    },
    actions: { forget: (_, params) => forgotten.push(params.ticket.requestId) },
  });
  const actor = createActor(machine, { clock, input: { backend: 'mlx', scheduler: ref } });
  const told: WarmUpEmitted[] = [];
  actor.on('*', (event) => told.push(event));
  actor.start();
  const send = (...events: WarmUpEvent[]) => {
    for (const event of events) actor.send(event);
  };
  const said = () => heard.map(({ type, outcome }) => (outcome ? `${type} ${outcome}` : type));
  const state = () => actor.getSnapshot().value;
  return { actor, clock, send, said, state, told, asked, wanted, forgotten, stopped: () => stopped };
}

async function startAsking() {
  const warmUp = startWarmUp();
  warmUp.send({ type: 'engine.free' });
  warmUp.clock.increment(300);
  await settled();
  return warmUp;
}

async function startWarming() {
  const warmUp = await startAsking();
  warmUp.send({ type: 'lease.granted', lease });
  return warmUp;
}

test('an engine that nobody has wanted anything of for a moment prefills what was chosen', async () => {
  const { clock, send, said, state, told } = startWarmUp();
  send({ type: 'engine.free' });
  clock.increment(299);
  expect(state()).toBe('quiet');
  clock.increment(1);
  await settled();
  expect(said()).toEqual(['request.enqueue']);
  send({ type: 'lease.granted', lease });
  expect(told).toEqual([{ type: 'warmUp.started', backend: 'mlx', requestId: 'w1', prefixKey }]);
  send({ type: 'prefill.done' });
  expect(said()).toEqual(['request.enqueue', 'request.leave', 'lease.release finished']);
  expect(told.at(-1)).toEqual({ type: 'warmUp.ended', backend: 'mlx', requestId: 'w1', outcome: 'done' });
  expect(state()).toBe('resting');
});

test('the moment begins anew with every sign of work, and ends with work', () => {
  const { clock, send, state } = startWarmUp();
  send({ type: 'engine.free' });
  clock.increment(299);
  send({ type: 'engine.free' });
  clock.increment(299);
  expect(state()).toBe('quiet');
  send({ type: 'work.waits', prefixKey });
  expect(state()).toBe('resting');
  send({ type: 'engine.free' }, { type: 'work.runs' });
  clock.increment(1_000);
  expect(state()).toBe('resting');
});

test('where nothing is worth it the engine is left alone', async () => {
  const { clock, send, said, state } = startWarmUp(() => undefined);
  send({ type: 'engine.free' });
  clock.increment(300);
  await settled();
  expect(state()).toBe('resting');
  expect(said()).toEqual([]);
});

test('a client that has started is prepared for; the next choice is a guess again', async () => {
  const { clock, send, asked, state } = startWarmUp(() => undefined);
  send({ type: 'client.started' }, { type: 'engine.free' });
  clock.increment(300);
  await settled();
  send({ type: 'engine.free' });
  clock.increment(300);
  await settled();
  expect(asked).toEqual([true, false]);
  expect(state()).toBe('resting');
});

test('work that comes while it chooses is not in its way', async () => {
  const { clock, send, said, state } = startWarmUp();
  send({ type: 'engine.free' });
  clock.increment(300);
  expect(state()).toBe('choosing');
  send({ type: 'work.waits', prefixKey });
  await settled();
  expect(state()).toBe('resting');
  expect(said()).toEqual([]);
});

test.each<WarmUpEvent>([
  { type: 'work.waits', prefixKey },
  { type: 'lease.refused', reason: 'shutting_down' },
])('it does not wait for a slot when $type', async (event) => {
  const { send, said, state } = await startAsking();
  send(event);
  expect(state()).toBe('resting');
  expect(said()).toEqual(['request.enqueue', 'request.leave']);
});

test('nor where the scheduler rather keeps what it would push out', async () => {
  const { clock, said, state } = await startAsking();
  clock.increment(1_000);
  expect(state()).toBe('resting');
  expect(said()).toEqual(['request.enqueue', 'request.leave']);
});

test('a slot granted while it leaves is given back', async () => {
  const { send, said, told } = await startAsking();
  send({ type: 'work.waits', prefixKey }, { type: 'lease.granted', lease });
  expect(said()).toEqual(['request.enqueue', 'request.leave', 'lease.release finished']);
  expect(told).toEqual([]);
});

test('work with another prefix ends it at once', async () => {
  const { send, said, told, state, stopped, forgotten } = await startWarming();
  send({ type: 'work.waits', prefixKey: 'other' });
  expect(stopped()).toBe(true);
  expect(said().at(-1)).toBe('lease.release abandoned');
  expect(told.at(-1)).toMatchObject({ outcome: 'dropped' });
  expect(state()).toBe('resting');
  expect(forgotten).toEqual([]);
});

test('work with the same prefix waits for it, whatever comes behind', async () => {
  const { send, said, state, stopped } = await startWarming();
  send({ type: 'work.waits', prefixKey }, { type: 'work.waits', prefixKey: 'other' });
  expect(state()).toEqual({ warming: 'needed' });
  expect(stopped()).toBe(false);
  send({ type: 'prefill.done' });
  expect(said().at(-1)).toBe('lease.release finished');
});

test('work that runs beside it has no use for it', async () => {
  const { send, state, stopped } = await startWarming();
  send({ type: 'work.waits', prefixKey }, { type: 'work.runs' });
  expect(stopped()).toBe(true);
  expect(state()).toBe('resting');
});

test('what failed is not tried again', async () => {
  const { send, said, told, forgotten, state } = await startWarming();
  send({ type: 'prefill.failed', error: new Error('out of memory') });
  expect(forgotten).toEqual(['w1']);
  expect(said().at(-1)).toBe('lease.release abandoned');
  expect(told.at(-1)).toMatchObject({ outcome: 'failed', reason: 'out of memory' });
  expect(state()).toBe('resting');
});

test('a gateway that closes has its slot back', async () => {
  const { actor, send, said, stopped } = await startWarming();
  send({ type: 'gateway.closing' });
  expect(stopped()).toBe(true);
  expect(said().at(-1)).toBe('lease.release abandoned');
  expect(actor.getSnapshot().status).toBe('done');
});

test('what the owner wants is chosen until it is done, though real work comes between', async () => {
  const { send, clock, wanted, state } = startWarmUp();
  const chooses = async () => {
    clock.increment(300);
    await settled();
  };
  send({ type: 'owner.wants', prefixKey });
  await chooses();
  expect(state()).toBe('asking');
  send({ type: 'lease.granted', lease }, { type: 'work.waits', prefixKey: 'other' });
  expect(state()).toBe('resting');
  send({ type: 'engine.free' });
  await chooses();
  send({ type: 'lease.granted', lease }, { type: 'prefill.done' }, { type: 'engine.free' });
  await chooses();
  expect(wanted).toEqual([prefixKey, prefixKey, undefined]);
});

test('what the owner wants while something else is warmed comes next', async () => {
  const { send, clock, wanted } = await startWarming();
  send({ type: 'owner.wants', prefixKey: 'other' }, { type: 'prefill.done' }, { type: 'engine.free' });
  clock.increment(300);
  await settled();
  expect(wanted).toEqual([undefined, 'other']);
});

test('a wish that fails is not tried again', async () => {
  const { send, clock, wanted } = await startWarming();
  send({ type: 'owner.wants', prefixKey }, { type: 'prefill.failed', error: new Error('out of memory') });
  send({ type: 'engine.free' });
  clock.increment(300);
  await settled();
  expect(wanted).toEqual([undefined, undefined]);
});

test('every state can be reached and left', () => {
  const { ref } = listener();
  const coverage = cover(warmUpMachine, {
    input: { backend: 'mlx', scheduler: ref },
    outputs: [undefined, chosen],
    events: [
      { type: 'engine.free' },
      { type: 'client.started' },
      { type: 'work.waits', prefixKey },
      { type: 'work.waits', prefixKey: 'other' },
      { type: 'work.runs' },
      { type: 'prefill.done' },
      { type: 'prefill.failed', error: new Error('out of memory') },
      { type: 'lease.granted', lease },
      { type: 'lease.refused', reason: 'no_backend' },
      { type: 'gateway.closing' },
    ],
    relevant: ({ awaited }) => awaited,
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: [] });
});
