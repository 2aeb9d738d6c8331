/**
 * A trace of what the gateway was asked, for the simulator: arrivals, hashes, sizes, gaps, and no text. Hashes and names are
 * hashed again with a secret that is forgotten, so that nobody can try out what a short text may have been.
 */
import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { sharedLinks } from '../../machines/policies/reuse.ts';
import type { Link, Ticket } from '../../machines/policies/types.ts';
import type { EventBus, RequestSummary } from './events.ts';
import { isWarmUp } from './warm-up.ts';

/** One request of the trace, as JSON on a line of its own, in the order of their ends. */
export interface RecordedRequest {
  /** In order of arrival. */
  readonly id: number;
  /** Requests it had to wait for: its lineage's last turn, the agents that ran meanwhile; an agent's first, its main agent's. */
  readonly after: readonly number[];
  /** Milliseconds from the last end of those, else from the recording's start, to its arrival. */
  readonly gapMs: number;
  readonly session: string;
  readonly lineage: string;
  readonly client: string;
  readonly band: Ticket['band'];
  readonly prefix: string;
  readonly prefixTokens: number;
  /** Leading links that it has in common with its lineage's line before. */
  readonly kept: number;
  /** Those behind them: key, tokens. */
  readonly links: readonly (readonly [key: string, tokens: number])[];
  readonly outputTokens: number;
  /** The answer called a tool: the lineage comes back by itself. */
  readonly callsTool: boolean;
}

interface Running {
  readonly id: number;
  readonly ticket: Ticket;
  readonly after: readonly number[];
  readonly gapMs: number;
  callsTool: boolean;
}

interface Ended {
  readonly id: number;
  readonly at: number;
  readonly band: Ticket['band'];
  readonly callsTool: boolean;
}

/** Sessions and lineages whose last turn is remembered. */
const most = 1_000;

/** Records until the returned function is called. What never reached the queue (an answer from the cache) is not recorded. */
export function recordTrace(events: EventBus, write: (request: RecordedRequest) => void): () => void {
  const startedAt = performance.now();
  const disguise = createDisguise();
  const running = new Map<string, Running>();
  /** Of each session the last end of each of its lineages. */
  const sessions = new LRUCache<string, Map<string, Ended>>({ max: most });
  const chains = new LRUCache<string, readonly Link[]>({ max: most });
  let arrived = 0;

  const begin = (ticket: Ticket) => {
    arrived += 1;
    const needs = needsOf(ticket, sessions.get(ticket.session) ?? new Map());
    const since = needs.length === 0 ? startedAt : Math.max(...needs.map(({ at }) => at));
    const gapMs = Math.max(0, Math.round(ticket.arrivedAt - since));
    running.set(ticket.requestId, { id: arrived, ticket, after: needs.map(({ id }) => id), gapMs, callsTool: false });
  };

  const end = ({ ticket, callsTool, id, after, gapMs }: Running, { promptTokens, outputTokens }: RequestSummary) => {
    const { session, lineage, client, band, shape, bytes } = ticket;
    const ends = sessions.get(session) ?? new Map<string, Ended>();
    sessions.set(session, ends.set(lineage, { id, at: performance.now(), band, callsTool }));
    const tokensPerByte = (promptTokens || ticket.promptTokens) / Math.max(1, bytes);
    const kept = sharedLinks(chains.get(lineage) ?? [], shape.chain);
    chains.set(lineage, shape.chain);
    write({
      id,
      after,
      gapMs,
      session: disguise(session),
      lineage: disguise(lineage),
      client: disguise(client),
      band,
      prefix: disguise(shape.prefixKey),
      prefixTokens: Math.round(shape.prefixBytes * tokensPerByte),
      kept,
      links: shape.chain.slice(kept).map(({ key, bytes: upTo }, index) => {
        const before = shape.chain[kept + index - 1]?.bytes ?? shape.prefixBytes;
        return [disguise(key), Math.round((upTo - before) * tokensPerByte)];
      }),
      outputTokens,
      callsTool,
    });
  };

  return events.on((event) => {
    if (event.type === 'queue.joined' && !running.has(event.ticket.requestId) && !isWarmUp(event.ticket.requestId)) {
      begin(event.ticket);
    }
    if (!('requestId' in event) || event.requestId === undefined) return;
    const request = running.get(event.requestId);
    if (!request) return;
    if (event.type === 'toolCall.read') request.callsTool = true;
    if (event.type !== 'request.finished') return;
    running.delete(event.requestId);
    end(request, event);
  });
}

/** @param ended of its session, by lineage */
function needsOf({ lineage, band }: Ticket, ended: ReadonlyMap<string, Ended>): readonly Ended[] {
  const own = ended.get(lineage);
  const others = [...ended.values()];
  if (!own) return others.filter((other) => other.band === 'interactive').slice(-1);
  if (band !== 'interactive' || !own.callsTool) return [own];
  return [own, ...others.filter((other) => other.band === 'subagent' && other.at > own.at)];
}

function createDisguise(): (text: string) => string {
  const secret = randomBytes(16).toString('hex');
  return (text) => hash('sha256', secret + text).slice(0, 12);
}
