/**
 * The session: one Claude Code conversation with its lineages (the main agent, every subagent), how each goes on from turn to
 * turn, and where and why one did not.
 */
import { type ActorRefFrom, assign, enqueueActions, setup } from 'xstate';

export interface SessionInput {
  readonly id: string;
  readonly client: string;
}

export interface Lineage {
  readonly turns: number;
  /** Hash of its last prompt's system + tools. */
  readonly prefixKey: string;
  readonly continuation: Continuation;
  readonly lastTurn: TurnReport | undefined;
  /** Where its last request is, or was. */
  readonly service: Service | undefined;
}

/** What the scheduler makes of a request: its place while it waits and when it is expected to start, then where it runs and why. */
export type Service =
  | { readonly place: number; readonly startsInMs: number }
  | { readonly backend: string; readonly slot: number; readonly reason: string };

/** How a turn's prompt goes on from the lineage's last one. */
export interface Continuation {
  /** Rendered bytes that the last prompt had too, and of the whole. */
  readonly sharedBytes: number;
  readonly ofBytes: number;
  /** Prompt tokens that have to be read again because of the difference, an estimate. */
  readonly lostTokens: number;
  /** In words. */
  readonly cause: string;
}

export interface TurnReport {
  readonly backend: string | undefined;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Milliseconds from arrival to the first token; undefined when there was none. */
  readonly ttftMs: number | undefined;
  /** Why the engine had less of the prompt than it was believed to hold, in words. */
  readonly shortfall?: string;
}

export type SessionEvent =
  | { type: 'turn.scheduled'; lineage: string; service: Service }
  | { type: 'turn.started'; lineage: string; requestId: string; prefixKey: string; continuation: Continuation }
  | { type: 'turn.ended'; lineage: string; requestId: string; report: TurnReport | undefined };

export type SessionEmitted =
  | ({ type: 'session.turn'; session: string; lineage: string; requestId: string; turn: number } & Continuation)
  | {
      type: 'session.shortfall';
      session: string;
      lineage: string;
      requestId: string;
      promptTokens: number;
      cachedTokens: number;
      cause: string;
    };

export interface SessionContext extends SessionInput {
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
    reportTurn: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'turn.started') return;
      const { requestId, lineage } = event;
      const known = context.lineages[lineage];
      if (!known) return;
      enqueue.emit({
        type: 'session.turn',
        session: context.id,
        lineage,
        requestId,
        turn: known.turns,
        ...known.continuation,
      });
    }),
    reportShortfall: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'turn.ended' || !event.report) return;
      const { lineage, requestId, report } = event;
      const { promptTokens, cachedTokens, shortfall: cause } = report;
      if (cause === undefined) return;
      enqueue.emit({
        type: 'session.shortfall',
        session: context.id,
        lineage,
        requestId,
        promptTokens,
        cachedTokens,
        cause,
      });
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
        'turn.scheduled': { actions: assign(schedule) },
        'turn.ended': [
          { guard: 'isLast', target: 'idle', actions: [assign(endTurn), 'reportShortfall'] },
          { actions: [assign(endTurn), 'reportShortfall'] },
        ],
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
  const { prefixKey, continuation } = event;
  const turns = (before?.turns ?? 0) + 1;
  const lineage: Lineage = { turns, prefixKey, continuation, lastTurn: before?.lastTurn, service: undefined };
  return { inFlight: context.inFlight + 1, lineages: { ...context.lineages, [event.lineage]: lineage } };
}

function schedule({ context, event }: Step): Partial<SessionContext> {
  if (event.type !== 'turn.scheduled') return {};
  const lineage = context.lineages[event.lineage];
  if (!lineage) return {};
  return { lineages: { ...context.lineages, [event.lineage]: { ...lineage, service: event.service } } };
}

function endTurn({ context, event }: Step): Partial<SessionContext> {
  const inFlight = Math.max(0, context.inFlight - 1);
  const lineage = context.lineages[event.lineage];
  if (event.type !== 'turn.ended' || !lineage || !event.report) return { inFlight };
  return { inFlight, lineages: { ...context.lineages, [event.lineage]: { ...lineage, lastTurn: event.report } } };
}

export type SessionActor = ActorRefFrom<typeof sessionMachine>;
