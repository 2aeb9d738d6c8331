import { expect, test } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import { type SessionEmitted, type SessionEvent, sessionMachine, type TurnReport } from '../../machines/session.ts';
import { cover } from './coverage.ts';
import { shape } from './fixtures.ts';

const sixHours = 6 * 3_600_000;
const report: TurnReport = { backend: 'mlx', promptTokens: 9, cachedTokens: 5, outputTokens: 2, ttftMs: 30 };

function startSession() {
  const clock = new SimulatedClock();
  const turns: SessionEmitted[] = [];
  const actor = createActor(sessionMachine, { clock, input: { id: 's1', client: 'ana' } });
  actor.on('session.turn', (turn) => turns.push(turn));
  actor.start();
  return { actor, clock, turns, lineage: (id: string) => actor.getSnapshot().context.lineages[id] };
}

const started = (lineage: string, prefix: string, ...turns: readonly string[]): SessionEvent => ({
  type: 'turn.started',
  lineage,
  shape: shape(prefix, ...turns),
  bytes: 1_000 + 100 * turns.length,
});
const ended = (lineage: string, of: TurnReport | undefined = report): SessionEvent => ({
  type: 'turn.ended',
  lineage,
  report: of,
});

test('every turn says how much of it its predecessor in the lineage had too', () => {
  const { actor, turns } = startSession();
  actor.send(started('main', 'p', 'a'));
  actor.send(ended('main'));
  actor.send(started('main', 'p', 'a', 'b', 'c'));
  actor.send(started('explorer', 'q', 'x'));
  actor.send(started('main', 'p', 'a', 'other'));
  actor.send(started('main', 'another prefix', 'a'));
  expect(turns.map(({ lineage, turn, sharedBytes, ofBytes }) => [lineage, turn, sharedBytes, ofBytes])).toEqual([
    ['main', 1, 0, 1_100],
    ['main', 2, 1_100, 1_300],
    ['explorer', 1, 0, 1_100],
    ['main', 3, 1_100, 1_200],
    ['main', 4, 0, 1_100],
  ]);
  expect(turns[0]).toMatchObject({ type: 'session.turn', session: 's1' });
});

test('it is active while any turn runs', () => {
  const { actor } = startSession();
  actor.send(started('main', 'p'));
  actor.send(started('explorer', 'q'));
  actor.send(ended('main'));
  expect(actor.getSnapshot().value).toBe('active');
  actor.send(ended('explorer'));
  expect(actor.getSnapshot().value).toBe('idle');
});

test('a turn that failed leaves the report of the one before', () => {
  const { actor, lineage } = startSession();
  actor.send(started('main', 'p', 'a'));
  expect(lineage('main')?.lastTurn).toBeUndefined();
  actor.send(ended('main'));
  actor.send(started('main', 'p', 'a', 'b'));
  actor.send({ type: 'turn.ended', lineage: 'main', report: undefined });
  expect(lineage('main')).toMatchObject({ turns: 2, lastTurn: report });
});

test('ends of turns nobody started change nothing', () => {
  const { actor, lineage } = startSession();
  actor.send(ended('main'));
  expect(actor.getSnapshot().value).toBe('idle');
  actor.send(started('main', 'p'));
  actor.send(ended('stranger'));
  actor.send(ended('main'));
  expect(lineage('stranger')).toBeUndefined();
  expect(actor.getSnapshot().context.inFlight).toBe(0);
});

test('a conversation nobody goes on with is forgotten, one in use never', () => {
  const { actor, clock } = startSession();
  clock.increment(sixHours - 1);
  actor.send(started('main', 'p'));
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
  actor.send(started('main', 'p'));
  expect(errors).toEqual([new Error('no listener')]);
});

test('every state can be reached and left', () => {
  const coverage = cover(sessionMachine, {
    input: { id: 's1', client: 'ana' },
    events: [started('main', 'p'), ended('main')],
    relevant: ({ inFlight }) => Math.min(inFlight, 2),
  });
  expect(coverage).toEqual({ unreached: [], deadEnds: [] });
});
