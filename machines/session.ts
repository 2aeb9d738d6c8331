/**
 * The session: one Claude Code conversation with its lineages (the main agent, every subagent), what each sent last, and how
 * much of it was the same as before.
 */
import { type ActorRefFrom, assign, emit, setup } from 'xstate';
import { sharedBytes } from './policies/reuse.ts';
import type { PromptShape } from './policies/types.ts';

export interface SessionInput {
  readonly id: string;
  readonly client: string;
}

export interface Lineage {
  readonly turns: number;
  readonly shape: PromptShape;
  /** Rendered bytes of the last prompt that its predecessor had too, and its whole size. */
  readonly shared: { readonly bytes: number; readonly of: number };
  readonly lastTurn: TurnReport | undefined;
}

export interface TurnReport {
  readonly backend: string | undefined;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Milliseconds from arrival to the first token; undefined when there was none. */
  readonly ttftMs: number | undefined;
}

export type SessionEvent =
  | { type: 'turn.started'; lineage: string; shape: PromptShape; bytes: number }
  | { type: 'turn.ended'; lineage: string; report: TurnReport | undefined };

export type SessionEmitted = {
  type: 'session.turn';
  session: string;
  lineage: string;
  turn: number;
  sharedBytes: number;
  ofBytes: number;
};

interface SessionContext extends SessionInput {
  readonly inFlight: number;
  readonly lineages: Readonly<Record<string, Lineage>>;
}

export const sessionMachine = setup({
  types: {
    input: {} as SessionInput,
    context: {} as SessionContext,
    events: {} as SessionEvent,
    emitted: {} as SessionEmitted,
  },
  actions: {
    reportTurn: emit(({ context, event }): SessionEmitted => {
      const lineage = context.lineages[event.lineage];
      return {
        type: 'session.turn',
        session: context.id,
        lineage: event.lineage,
        turn: lineage?.turns ?? 0,
        sharedBytes: lineage?.shared.bytes ?? 0,
        ofBytes: lineage?.shared.of ?? 0,
      };
    }),
  },
  guards: { isLast: ({ context }) => context.inFlight <= 1 },
  delays: {
    /** A conversation nobody went on with for this long is forgotten. */
    expiry: 6 * 3600_000,
  },
}).createMachine({
  id: 'session',
  initial: 'idle',
  context: ({ input }) => ({ ...input, inFlight: 0, lineages: {} }),
  states: {
    idle: {
      on: { 'turn.started': { target: 'active', actions: [assign(startTurn), 'reportTurn'] } },
      after: { expiry: 'expired' },
    },
    active: {
      on: {
        'turn.started': { actions: [assign(startTurn), 'reportTurn'] },
        'turn.ended': [{ guard: 'isLast', target: 'idle', actions: assign(endTurn) }, { actions: assign(endTurn) }],
      },
    },
    expired: { type: 'final' },
  },
});

interface Step {
  readonly context: SessionContext;
  readonly event: SessionEvent;
}

function startTurn({ context, event }: Step): Partial<SessionContext> {
  if (event.type !== 'turn.started') return {};
  const before = context.lineages[event.lineage];
  const lineage: Lineage = {
    turns: (before?.turns ?? 0) + 1,
    shape: event.shape,
    shared: { bytes: before ? sharedBytes(event.shape, before.shape) : 0, of: event.bytes },
    lastTurn: before?.lastTurn,
  };
  return { inFlight: context.inFlight + 1, lineages: { ...context.lineages, [event.lineage]: lineage } };
}

function endTurn({ context, event }: Step): Partial<SessionContext> {
  const inFlight = Math.max(0, context.inFlight - 1);
  const lineage = context.lineages[event.lineage];
  if (event.type !== 'turn.ended' || !lineage || !event.report) return { inFlight };
  return { inFlight, lineages: { ...context.lineages, [event.lineage]: { ...lineage, lastTurn: event.report } } };
}

export type SessionActor = ActorRefFrom<typeof sessionMachine>;
