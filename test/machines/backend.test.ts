import { expect, test } from 'vitest';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { type BackendEmitted, backendMachine, type ProbeReport } from '../../machines/backend.ts';
import { cover } from './coverage.ts';

const report: ProbeReport = { loaded: true, slots: 2, epoch: 'pid 1' };

/** A backend whose probes are answered by hand. */
function startBackend() {
  const clock = new SimulatedClock();
  const emitted: BackendEmitted[] = [];
  const probes: PromiseWithResolvers<ProbeReport>[] = [];
  const machine = backendMachine.provide({
    actors: {
      probe: fromPromise(() => {
        const probe = Promise.withResolvers<ProbeReport>();
        probes.push(probe);
        return probe.promise;
      }),
    },
  });
  const actor = createActor(machine, { clock, input: { name: 'mlx' } });
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const settled = () => new Promise(setImmediate);
  return {
    actor,
    clock,
    emitted,
    probes,
    value: () => actor.getSnapshot().value,
    last: () => emitted.at(-1),
    restarts: () => emitted.filter(({ type }) => type === 'engine.restarted').length,
    announced: () =>
      emitted.flatMap((event) => (event.type === 'backend.changed' ? `${event.status} ${event.intake}` : [])),
    async answer(answer: Partial<ProbeReport> = {}) {
      probes.at(-1)?.resolve({ ...report, ...answer });
      await settled();
    },
    async silence() {
      probes.at(-1)?.reject(new Error('connection refused'));
      await settled();
    },
    broke: () => actor.send({ type: 'attempt.broke', reason: 'it broke' }),
    succeeded: () => actor.send({ type: 'attempt.succeeded' }),
  };
}

async function startUp() {
  const backend = startBackend();
  await backend.answer();
  return backend;
}

async function startOpen() {
  const backend = await startUp();
  backend.broke();
  backend.broke();
  backend.broke();
  return backend;
}

test('a backend is worth waiting for until it was asked, then up with the slots it has', async () => {
  const { announced, answer, value, last } = startBackend();
  expect(announced()).toEqual(['probing soon']);
  await answer();
  expect(value()).toEqual({ up: 'resting' });
  expect(last()).toEqual({
    type: 'backend.changed',
    backend: 'mlx',
    status: 'up',
    intake: 'full',
    slots: 2,
    reason: '',
  });
});

test('one that does not answer is down, and asked again until it does', async () => {
  const { announced, silence, answer, clock, last, probes, restarts } = startBackend();
  await silence();
  expect(last()).toMatchObject({ status: 'down', intake: 'none', slots: 0, reason: 'connection refused' });
  clock.increment(2_999);
  expect(probes).toHaveLength(1);
  clock.increment(1);
  expect(probes).toHaveLength(2);
  await answer();
  expect(announced()).toEqual(['probing soon', 'down none', 'probing none', 'up full']);
  expect(restarts()).toBe(0);
});

test('a loading one is worth waiting for, also when it was down before', async () => {
  const { announced, silence, answer, clock, restarts } = startBackend();
  await silence();
  clock.increment(3_000);
  await answer({ loaded: false });
  clock.increment(1_000);
  await answer({ loaded: false });
  clock.increment(1_000);
  await answer();
  expect(announced().slice(3)).toEqual(['loading soon', 'probing soon', 'loading soon', 'probing soon', 'up full']);
  expect(restarts()).toBe(0);
});

test('a loading one that falls silent is down', async () => {
  const { silence, answer, clock, value } = startBackend();
  await answer({ loaded: false });
  clock.increment(1_000);
  await silence();
  expect(value()).toBe('down');
});

test('an engine that is up is asked every 15 s and says nothing while nothing changes', async () => {
  const { answer, clock, value, probes, emitted } = await startUp();
  const before = emitted.length;
  for (let round = 2; round < 5; round++) {
    clock.increment(15_000);
    expect(value()).toEqual({ up: 'checking' });
    expect(probes).toHaveLength(round);
    await answer();
    expect(value()).toEqual({ up: 'resting' });
  }
  expect(emitted).toHaveLength(before);
});

test('silence takes it down', async () => {
  const { silence, clock, last } = await startUp();
  clock.increment(15_000);
  await silence();
  expect(last()).toMatchObject({ status: 'down', intake: 'none', slots: 2 });
});

test.each([
  ['of another epoch', { epoch: 'pid 2' }],
  ['with other slots', { slots: 1 }],
  ['without its model', { loaded: false }],
])('an engine found %s between two checks has lost its cache and starts afresh', async (_, change) => {
  const { answer, clock, restarts, last, value } = await startUp();
  clock.increment(15_000);
  await answer(change);
  expect(restarts()).toBe(1);
  expect(value()).toEqual({ up: 'resting' });
  expect(last()).toMatchObject({ status: 'up', slots: { ...report, ...change }.slots });
});

test('an engine that says no epoch counts as the same as long as it answers', async () => {
  const { answer, clock, restarts } = await startUp();
  clock.increment(15_000);
  await answer({ epoch: undefined });
  clock.increment(15_000);
  await answer();
  expect(restarts()).toBe(0);
});

test.each([
  ['the same process', { epoch: 'pid 1' }, 0],
  ['another process', { epoch: 'pid 2' }, 1],
  ['perhaps another process', { epoch: undefined }, 1],
])('an engine that was away and is %s: restarts %j -> %i', async (_, change, restarted) => {
  const { answer, silence, clock, restarts } = await startUp();
  clock.increment(15_000);
  await silence();
  clock.increment(3_000);
  await answer(change);
  expect(restarts()).toBe(restarted);
});

test('a restart is told once, though the engine loads for a while first', async () => {
  const { answer, silence, clock, restarts } = await startUp();
  clock.increment(15_000);
  await silence();
  clock.increment(3_000);
  await answer({ epoch: 'pid 2', loaded: false });
  clock.increment(1_000);
  await answer({ epoch: 'pid 2' });
  expect(restarts()).toBe(1);
});

test('a failed attempt degrades it and has it checked at once; a good one restores it', async () => {
  const { broke, succeeded, probes, answer, clock, value, last } = await startUp();
  broke();
  expect(last()).toMatchObject({ status: 'degraded', intake: 'full', reason: 'it broke' });
  expect(probes).toHaveLength(2);
  await answer();
  expect(value()).toEqual({ degraded: 'resting' });
  clock.increment(15_000);
  expect(value()).toEqual({ degraded: 'checking' });
  succeeded();
  expect(value()).toEqual({ up: 'resting' });
  broke();
  broke();
  expect(last()).toMatchObject({ status: 'degraded' });
});

test('a degraded engine that falls silent is down', async () => {
  const { broke, silence, value } = await startUp();
  broke();
  await silence();
  expect(value()).toBe('down');
});

test('three failures in a row open the circuit; cooled down and answering it lets one request try', async () => {
  const { clock, answer, announced, value, succeeded } = await startOpen();
  expect(announced().at(-1)).toBe('open none');
  clock.increment(9_999);
  expect(value()).toBe('open');
  clock.increment(1);
  expect(value()).toEqual({ halfOpen: 'checking' });
  expect(announced().at(-1)).toBe('open none');
  await answer();
  expect(announced().at(-1)).toBe('halfOpen trial');
  succeeded();
  expect(announced().at(-1)).toBe('up full');
});

test('a failed trial opens it again', async () => {
  const { clock, answer, announced, broke } = await startOpen();
  clock.increment(10_000);
  await answer();
  broke();
  expect(announced().at(-1)).toBe('open none');
});

test('a trial nobody takes is checked like a resting engine', async () => {
  const { clock, answer, silence, value } = await startOpen();
  clock.increment(10_000);
  await answer();
  clock.increment(15_000);
  expect(value()).toEqual({ halfOpen: 'checking' });
  await answer();
  expect(value()).toEqual({ halfOpen: 'trying' });
  clock.increment(15_000);
  await silence();
  expect(value()).toBe('down');
});

test('another process behind an open circuit is trusted', async () => {
  const { clock, answer, announced, restarts } = await startOpen();
  clock.increment(10_000);
  await answer({ epoch: 'pid 2' });
  expect(announced().at(-1)).toBe('up full');
  expect(restarts()).toBe(1);
});

test('late news of attempts does not move a backend that is open, down or loading', async () => {
  const open = await startOpen();
  open.succeeded();
  open.broke();
  expect(open.value()).toBe('open');
  const down = startBackend();
  await down.silence();
  down.succeeded();
  down.broke();
  expect(down.value()).toBe('down');
  const loading = startBackend();
  await loading.answer({ loaded: false });
  loading.broke();
  loading.succeeded();
  expect(loading.value()).toBe('loading');
});

test('a broken action stops the actor with an error its owner can see', async () => {
  const machine = backendMachine.provide({
    actions: {
      recordReport: () => {
        throw new Error('no room');
      },
    },
  });
  const error = await new Promise((resolve) => {
    const actor = createActor(machine, { input: { name: 'mlx' } });
    actor.subscribe({ error: resolve });
    actor.start();
  });
  expect(error).toEqual(new Error('no room'));
});

test('drained by its owner it says so once, whatever its health, until it is resumed', async () => {
  const { actor, emitted, broke, value, answer } = await startUp();
  const told = () => emitted.flatMap((event) => (event.type === 'backend.drained' ? event.drained : []));
  actor.send({ type: 'owner.drained' });
  actor.send({ type: 'owner.drained' });
  expect(told()).toEqual([true]);
  broke();
  await answer();
  expect(value()).toEqual({ degraded: 'resting' });
  actor.send({ type: 'owner.resumed' });
  actor.send({ type: 'owner.resumed' });
  expect(told()).toEqual([true, false]);
  expect(value()).toEqual({ degraded: 'resting' });
});

test('every state can be reached and left', () => {
  const coverage = cover(backendMachine, {
    input: { name: 'mlx' },
    events: [{ type: 'attempt.succeeded' }, { type: 'attempt.broke', reason: '' }],
    outputs: [report, { ...report, loaded: false }, { ...report, epoch: 'pid 2' }],
    relevant: ({ failures, report }) => [Math.min(failures, 3), report?.epoch],
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: [] });
});
