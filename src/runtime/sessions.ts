/** The registry of sessions: one root actor a Claude Code conversation, forgotten when it expires or others need the room. */
import { LRUCache } from 'lru-cache';
import { createActor } from 'xstate';
import {
  type Continuation,
  type Service,
  type SessionActor,
  type SessionContext,
  sessionMachine,
  type TurnReport,
} from '../../machines/session.ts';
import { toBlocks } from '../prompt/blocks.ts';
import { compare } from '../prompt/divergence.ts';
import { type Trace, traceOf, withAnswer } from '../prompt/divergence-trace.ts';
import type { Identity } from '../prompt/lineage.ts';
import type { Prompt } from '../prompt/types.ts';
import type { Message } from '../protocol/anthropic/events.ts';
import type { RequestBlock } from '../protocol/anthropic/request.ts';
import type { EventBus, GatewayEvent } from './events.ts';
import type { Inspection } from './inspection.ts';

export interface NewTurn {
  readonly requestId: string;
  readonly identity: Identity;
  readonly client: string;
  readonly prompt: Prompt;
  readonly promptTokens: number;
}

/** A turn that began, for those who end it. */
export interface Turn {
  readonly continuation: Continuation;
  /** The history holds thinking, which many templates leave out of all but the newest turns. */
  readonly hasThinking: boolean;
  /** The engine generated this answer, and holds it behind the prompt if it keeps conversations. */
  answered(message: Message): void;
  ended(report: TurnReport | undefined): void;
}

export interface Sessions {
  /** The session's actor is started on first use. */
  begin(turn: NewTurn): Turn;
  count(): number;
  /** The most recently used first. */
  list(): readonly SessionContext[];
  close(): void;
}

/** Clients that name no session get one a conversation, so a script could make any number of them. */
const mostSessions = 1_000;

/** Parts of prompts remembered, all lineages together, of about two hundred bytes each. */
const mostParts = 100_000;

export const goesOn = 'goes on from the last turn';

export function createSessions(events: EventBus, inspection: Inspection): Sessions {
  const actors = new LRUCache<string, SessionActor>({ max: mostSessions, dispose: (actor) => actor.stop() });
  const traces = new LRUCache<string, Trace>({ maxSize: mostParts, sizeCalculation: partsOf });

  const actorOf = (id: string, client: string) => {
    const known = actors.get(id);
    if (known) return known;
    const actor = createActor(sessionMachine, { id, input: { id, client }, ...inspection });
    actor.on('*', (event) => events.emit(event));
    actor.subscribe({
      complete: () => actors.delete(id),
      error: (error) => {
        actors.delete(id);
        events.emit({ type: 'actor.broke', actor: `session ${id}`, error });
      },
    });
    actors.set(id, actor);
    return actor.start();
  };

  const stopListening = events.on((event) => {
    if (event.type !== 'queue.joined' && event.type !== 'lease.granted') return;
    const { session, lineage } = event.ticket;
    actors.peek(session)?.send({ type: 'turn.scheduled', lineage, service: serviceOf(event) });
  });

  return {
    begin(turn) {
      const { requestId, identity, client, prompt } = turn;
      const { sessionId, lineage, agentId } = identity;
      // Another client's prompts are nobody's business, whatever session it names.
      const key = JSON.stringify([client, lineage]);
      const before = traces.get(key);
      // Titles and probes share a lineage and nothing else.
      const trace = agentId === 'auxiliary' ? undefined : traceOf(prompt, before);
      if (trace) traces.set(key, trace);
      const continuation = continuationOf(turn, before, trace);
      const { prefixKey } = prompt;
      actorOf(sessionId, client).send({ type: 'turn.started', lineage, requestId, prefixKey, continuation });
      return {
        continuation,
        hasThinking: trace?.blocks.some(({ what }) => what === 'thinking') ?? false,
        answered({ content }) {
          if (trace && traces.peek(key) === trace) {
            traces.set(key, withAnswer(trace, toBlocks(content as readonly RequestBlock[])));
          }
        },
        ended(report) {
          actorOf(sessionId, client).send({ type: 'turn.ended', lineage, requestId, report });
        },
      };
    },
    count: () => actors.size,
    list: () => [...actors.values()].map((actor) => actor.getSnapshot().context),
    close() {
      stopListening();
      for (const actor of actors.values()) actor.stop();
      actors.clear();
    },
  };
}

function serviceOf(event: Extract<GatewayEvent, { type: 'queue.joined' | 'lease.granted' }>): Service {
  if (event.type === 'queue.joined') return { place: event.place, startsInMs: event.startsInMs };
  const { backend, slot, reason } = event.lease;
  return { backend, slot, reason };
}

function continuationOf(turn: NewTurn, before: Trace | undefined, trace: Trace | undefined): Continuation {
  const { prompt, promptTokens, identity } = turn;
  const ofBytes = prompt.bytes;
  if (!trace) return { sharedBytes: 0, ofBytes, lostTokens: 0, cause: 'a side request' };
  if (!before) {
    const cause = identity.agentId === 'main' ? 'first turn of the session' : 'first turn of the agent';
    return { sharedBytes: 0, ofBytes, lostTokens: 0, cause };
  }
  const { sharedBytes, lostBytes, cause = goesOn } = compare(before, trace);
  return { sharedBytes, ofBytes, lostTokens: Math.round((promptTokens * lostBytes) / Math.max(1, ofBytes)), cause };
}

function partsOf({ system, tools, blocks, answer }: Trace): number {
  const ofBlocks = [...blocks, ...answer].reduce((sum, { pieces }) => sum + 1 + pieces.length, 0);
  return 1 + system.length + tools.length + ofBlocks;
}
