/** The last turns of every lineage: what was reused, what diverged and why. */
import { LRUCache } from 'lru-cache';
import type { SessionContext } from '../../../machines/session.ts';
import type { GatewayEvent, RequestSummary } from '../../runtime/events.ts';
import { wallClock } from './clock.ts';
import { agentOf } from './names.ts';
import type { LineageView, SessionView, TurnView } from './types.ts';

export interface Turns {
  hear(event: GatewayEvent): void;
  /** The same object as long as nothing has changed. */
  view(session: SessionContext): SessionView;
}

/** What is known of a turn before it ends. */
interface Begun {
  readonly cause: string;
  readonly lostTokens: number;
  shortfall: string | undefined;
  toolCalls: number;
  repaired: number;
  reasked: number;
}

const mostLineages = 2_000;
const mostTurns = 8;

/** Of one session's lineages: it may have had any number of agents. */
const mostShown = 12;

export function createTurns(): Turns {
  /** Every turn ends with its request. */
  const begun = new Map<string, Begun>();
  const recent = new LRUCache<string, readonly TurnView[]>({ max: mostLineages });
  const activeAt = new LRUCache<string, number>({ max: mostLineages });
  const views = new WeakMap<SessionContext, SessionView>();

  const end = (summary: RequestSummary) => {
    const turn = begun.get(summary.requestId);
    // One that has joined another's answer is no turn of its own.
    if (!turn) return;
    begun.delete(summary.requestId);
    const key = keyOf(summary.session, summary.lineage);
    recent.set(key, [...(recent.get(key) ?? []), turnView(summary, turn)].slice(-mostTurns));
    activeAt.set(summary.session, performance.now());
  };

  const lineageView = (session: SessionContext, name: string): LineageView[] => {
    const lineage = session.lineages[name];
    if (!lineage) return [];
    const { turns, prefixKey } = lineage;
    const agent = agentOf(name, session.id);
    return [{ lineage: name, agent, turns, prefixKey, recent: recent.get(keyOf(session.id, name)) ?? [] }];
  };

  return {
    hear(event) {
      switch (event.type) {
        case 'session.turn': {
          const { requestId, cause, lostTokens } = event;
          begun.set(requestId, { cause, lostTokens, shortfall: undefined, toolCalls: 0, repaired: 0, reasked: 0 });
          activeAt.set(event.session, performance.now());
          return;
        }
        case 'session.shortfall': {
          const turn = begun.get(event.requestId);
          if (turn) turn.shortfall = event.cause;
          return;
        }
        case 'toolCall.read': {
          const turn = begun.get(event.requestId);
          if (!turn) return;
          turn.toolCalls += 1;
          if (event.outcome === 'repaired' || event.outcome === 'retyped') turn.repaired += 1;
          if (event.outcome === 'reasked') turn.reasked += 1;
          return;
        }
        case 'request.finished':
          return end(event);
      }
    },
    view(session) {
      const known = views.get(session);
      if (known) return known;
      const { id, client, inFlight, lineages } = session;
      const view = {
        id,
        client,
        activeAt: wallClock(activeAt.get(id) ?? 0),
        inFlight,
        lineages: Object.keys(lineages)
          .flatMap((name) => lineageView(session, name))
          .sort((a, b) => lastTurn(b) - lastTurn(a))
          .slice(0, mostShown),
      };
      views.set(session, view);
      return view;
    },
  };
}

/** One that has had none yet is the newest. */
function lastTurn({ recent }: LineageView): number {
  return recent.at(-1)?.at ?? Number.POSITIVE_INFINITY;
}

function keyOf(session: string, lineage: string): string {
  return `${session}\n${lineage}`;
}

function turnView(summary: RequestSummary, turn: Begun): TurnView {
  const { requestId, outcome, backend, promptTokens, cachedTokens, outputTokens, queuedMs, ttftMs, totalMs } = summary;
  return {
    requestId,
    at: wallClock(performance.now()),
    outcome,
    backend,
    promptTokens,
    cachedTokens,
    outputTokens,
    queuedMs: whole(queuedMs),
    ttftMs: whole(ttftMs),
    totalMs: Math.round(totalMs),
    ...turn,
  };
}

function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
