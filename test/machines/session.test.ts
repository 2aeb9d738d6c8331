import { expect, test } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import {
  type Continuation,
  type SessionEmitted,
  type SessionEvent,
  sessionMachine,
  type TurnReport,
} from '../../machines/session.ts';
import { cover } from './coverage.ts';

const sixHours = 6 * 3_600_000;
const report: TurnReport = { backend: 'mlx', promptTokens: 9, cachedTokens: 5, outputTokens: 2, ttftMs: 30 };

const goesOn: Continuation = { sharedBytes: 900, ofBytes: 1_000, lostTokens: 0, cause: 'goes on from the last turn' };

function startSession() {
  const clock = new SimulatedClock();
  const heard: SessionEmitted[] = [];
  const actor = createActor(sessionMachine, { clock, input: { id: 's1', client: 'ana' } });
  actor.on('*', (event) => heard.push(event));
  actor.start();
  return { actor, clock, heard, lineage: (id: string) => actor.getSnapshot().context.lineages[id] };
}

const started = (lineage: string, prefixKey = 'p', continuation = goesOn): SessionEvent => ({
  type: 'turn.started',
  lineage,
  requestId: 'r1',
  prefixKey,
  continuation,
});
const ended = (lineage: string, of: TurnReport | undefined = report): SessionEvent => ({
  type: 'turn.ended',
  lineage,
  requestId: 'r1',
  report: of,
});

test('every turn is told with how it goes on from its predecessor in the lineage', () => {
  const { actor, heard, lineage } = startSession();
  const changed = { sharedBytes: 100, ofBytes: 1_000, lostTokens: 250, cause: 'tools changed: +1 -0 (+WebFetch)' };
  actor.send(started('main'));
  actor.send(ended('main'));
  actor.send(started('explorer', 'q'));
  actor.send(started('main', 'p2', changed));
  const told = { type: 'session.turn', session: 's1', requestId: 'r1' };
  expect(heard).toEqual([
    { ...told, lineage: 'main', turn: 1, ...goesOn },
    { ...told, lineage: 'explorer', turn: 1, ...goesOn },
    { ...told, lineage: 'main', turn: 2, ...changed },
  ]);
  expect(lineage('main')).toEqual({
    turns: 2,
    prefixKey: 'p2',
    continuation: changed,
    lastTurn: report,
    service: undefined,
  });
});

test('where a request waits and where it runs is known of its lineage, until the next', () => {
  const { actor, lineage } = startSession();
  const waits = { place: 2, startsInMs: 4_000 };
  const runs = { backend: 'mlx', slot: 0, reason: 'the slot was kept for it' };
  actor.send({ type: 'turn.scheduled', lineage: 'main', service: waits });
  expect(lineage('main')).toBeUndefined();
  actor.send(started('main'));
  actor.send({ type: 'turn.scheduled', lineage: 'main', service: waits });
  actor.send({ type: 'turn.scheduled', lineage: 'stranger', service: waits });
  expect([lineage('main')?.service, lineage('stranger')]).toEqual([waits, undefined]);
  actor.send({ type: 'turn.scheduled', lineage: 'main', service: runs });
  actor.send(ended('main'));
  expect(lineage('main')?.service).toEqual(runs);
  actor.send(started('main'));
  expect(lineage('main')?.service).toBeUndefined();
});

test('an engine that had less than expected is told, with its own figures', () => {
  const { actor, heard, lineage } = startSession();
  actor.send(started('main'));
  actor.send(ended('main', { ...report, shortfall: 'it forgot' }));
  expect(heard.at(-1)).toEqual({
    type: 'session.shortfall',
    session: 's1',
    lineage: 'main',
    requestId: 'r1',
    promptTokens: 9,
    cachedTokens: 5,
    cause: 'it forgot',
  });
  expect(lineage('main')?.lastTurn?.shortfall).toBe('it forgot');
});

test('it is active while any turn runs', () => {
  const { actor } = startSession();
  actor.send(started('main'));
  actor.send(started('explorer', 'q'));
  actor.send(ended('main'));
  expect(actor.getSnapshot().value).toBe('active');
  actor.send(ended('explorer'));
  expect(actor.getSnapshot().value).toBe('idle');
});

test('a turn that failed leaves the report of the one before', () => {
  const { actor, lineage } = startSession();
  actor.send(started('main'));
  expect(lineage('main')?.lastTurn).toBeUndefined();
  actor.send(ended('main'));
  actor.send(started('main'));
  actor.send({ type: 'turn.ended', lineage: 'main', requestId: 'r2', report: undefined });
  expect(lineage('main')).toMatchObject({ turns: 2, lastTurn: report });
});

test('ends of turns nobody started change nothing', () => {
  const { actor, lineage } = startSession();
  actor.send(ended('main'));
  expect(actor.getSnapshot().value).toBe('idle');
  actor.send(started('main'));
  actor.send(ended('stranger'));
  actor.send(ended('main'));
  expect(lineage('stranger')).toBeUndefined();
  expect(actor.getSnapshot().context.inFlight).toBe(0);
});

test('a conversation nobody goes on with is forgotten, one in use never', () => {
  const { actor, clock } = startSession();
  clock.increment(sixHours - 1);
  actor.send(started('main'));
  clock.increment(2 * sixHours);
  expect(actor.getSnapshot().value).toBe('active');
  actor.send(ended('main'));
  clock.increment(sixHours - 1);
  expect(actor.getSnapshot().status).toBe('active');
  clock.increment(1);
  expect(actor.getSnapshot()).toMatchObject({ value: 'expired', status: 'done' });
});

test('a broken action stops the actor with an error its owner can see', () => {
  const machine = sessionMachine.provide({
    actions: {
      reportTurn: () => {
        throw new Error('no listener');
      },
    },
  });
  const errors: unknown[] = [];
  const actor = createActor(machine, { input: { id: 's1', client: 'ana' } });
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  actor.send(started('main'));
  expect(errors).toEqual([new Error('no listener')]);
});

test('every state can be reached and left', () => {
  const coverage = cover(sessionMachine, {
    input: { id: 's1', client: 'ana' },
    events: [started('main'), ended('main')],
    relevant: ({ inFlight }) => Math.min(inFlight, 2),
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: [] });
});
