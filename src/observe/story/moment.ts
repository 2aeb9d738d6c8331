/**
 * What the log, the record of recent requests and traces keep of an event: ids, counts, states and reasons. Never a word of a
 * prompt or an answer, nor what was written into a tool call.
 */
import { z } from 'zod';
import type { Ticket } from '../../../machines/policies/types.ts';
import type { GatewayEvent } from '../../runtime/events.ts';

const band = z.enum(['interactive', 'subagent', 'auxiliary']);
const cache = z.enum(['hit', 'miss', 'joined', 'bypass']);
const count = z.number();
const someText = z.string().optional();
const someCount = z.number().optional();

function kind<T extends string, S extends z.ZodRawShape>(type: T, facts: S) {
  return z.object({
    type: z.literal(type),
    /** Milliseconds since 1970. */
    at: z.number(),
    requestId: z.string(),
    ...facts,
  });
}

const whose = { lineage: z.string(), client: z.string(), band };

/** One event in the life of a request. As JSON it is a line of the log, too, with `time` for `at`. */
export const moment = z.discriminatedUnion('type', [
  kind('request.started', { ...whose, session: z.string(), model: z.string(), cache, traceparent: someText }),
  kind('request.refused', { client: z.string(), code: z.string() }),
  kind('request.joined', { leader: z.string() }),
  kind('request.deserted', {}),
  kind('session.turn', { turn: count, cause: z.string(), sharedBytes: count, ofBytes: count, lostTokens: count }),
  kind('session.shortfall', { promptTokens: count, cachedTokens: count, cause: z.string() }),
  kind('queue.joined', { ...whose, promptTokens: count, waiting: count, place: count, startsInMs: count }),
  kind('queue.left', { waiting: count }),
  kind('queue.refused', { ...whose, reason: z.string(), retryAfter: someCount }),
  kind('lease.granted', {
    ...whose,
    backend: z.string(),
    slot: count,
    plan: z.string(),
    reason: z.string(),
    waiting: count,
  }),
  kind('lease.released', { outcome: z.string() }),
  kind('attempt.accepted', {}),
  kind('attempt.prefilled', {}),
  kind('attempt.firstToken', {}),
  kind('attempt.correcting', {}),
  kind('attempt.done', {}),
  kind('attempt.failed', { code: z.string(), message: z.string() }),
  kind('toolCall.read', { tool: z.string(), outcome: z.string(), changes: z.array(z.string()) }),
  kind('request.finished', {
    outcome: z.enum(['done', 'failed', 'cancelled']),
    errorCode: someText,
    errorMessage: someText,
    backend: someText,
    slot: someCount,
    cache,
    promptTokens: count,
    cachedTokens: count,
    outputTokens: count,
    queuedMs: someCount,
    ttftMs: someCount,
    totalMs: count,
  }),
]);

export type Moment = z.output<typeof moment>;
export type MomentOf<T extends Moment['type']> = Extract<Moment, { type: T }>;

/** Undefined for what is about no single request. May carry facts besides those of its kind, none of them private. */
export function momentOf(event: GatewayEvent, at: number): Moment | undefined {
  switch (event.type) {
    case 'request.finished': {
      const { error: _, ...facts } = event;
      return { ...facts, at };
    }
    case 'queue.joined': {
      const { type, ticket, waiting, place, startsInMs } = event;
      return { type, at, ...whoseOf(ticket), promptTokens: ticket.promptTokens, waiting, place, startsInMs };
    }
    case 'queue.refused': {
      const { type, ticket, reason, retryAfter } = event;
      return { type, at, ...whoseOf(ticket), reason, retryAfter };
    }
    case 'lease.granted': {
      const { type, ticket, lease, waiting } = event;
      return { type, at, ...whoseOf(ticket), ...lease, waiting };
    }
    case 'toolCall.read':
      return { ...event, at, tool: nameOf(event.tool), changes: [...new Set(event.changes.map(withoutValues))] };
    case 'request.started':
    case 'request.refused':
    case 'request.joined':
    case 'request.deserted':
    case 'session.turn':
    case 'session.shortfall':
    case 'queue.left':
    case 'lease.released':
    case 'attempt.accepted':
    case 'attempt.prefilled':
    case 'attempt.firstToken':
    case 'attempt.correcting':
    case 'attempt.done':
    case 'attempt.failed':
      return { ...event, at };
    default:
      return undefined;
  }
}

function whoseOf({ requestId, lineage, client, band }: Ticket) {
  return { requestId, lineage, client, band };
}

/** A model may write anything where a tool's name belongs. */
function nameOf(tool: string): string {
  return /^[\w.:/-]{1,80}$/.test(tool) ? tool : '(no name)';
}

/** The words of a change up to the first value in it: names of parameters and tools, and never what was written into them. */
function withoutValues(change: string): string {
  return /^[\w .-]{0,40}/.exec(change)?.[0].trim() ?? '';
}
