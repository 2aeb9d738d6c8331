/** Writes what happens in the gateway to the log. Never keys, and no prompt text below debug level 3. */
import type { Logger } from 'pino';
import type { EventBus, GatewayEvent, RequestSummary } from '../runtime/events.ts';

/** @param debugLevel 0 quiet, 1 requests, 2 decisions, 3 bodies */
export function logEvents(events: EventBus, log: Logger, debugLevel: number): void {
  const known = new Map<string, string>();
  events.on((event) => {
    switch (event.type) {
      case 'request.finished':
        return logRequest(log, event, debugLevel);
      case 'backend.changed':
        return logBackend(log, event, known);
      case 'toolCall.read':
        return logCall(log, event, debugLevel);
      case 'request.body':
        if (debugLevel >= 3) log.info({ requestId: event.requestId, body: event.body }, event.type);
        return;
      case 'notice':
        return log.warn({ backend: event.backend }, event.text);
      case 'actor.broke':
      case 'slot.broke':
        return log.error({ err: event.error, actor: 'actor' in event ? event.actor : event.id }, 'an actor broke');
      default:
        if (debugLevel >= 2) log.info(decision(event), event.type);
    }
  });
}

type BackendChange = Extract<GatewayEvent, { type: 'backend.changed' }>;

/** @param known what was last said of each backend: one that is away is asked every few seconds, and that is no news */
function logBackend(log: Logger, { backend, slots, status, reason }: BackendChange, known: Map<string, string>): void {
  const state = `${status} ${reason}`;
  const asks = status === 'probing' || status === 'halfOpen';
  const isNews = !asks && known.get(backend) !== state;
  if (isNews) known.set(backend, state);
  const level = isNews ? (status === 'up' ? 'info' : 'warn') : 'debug';
  log[level]({ backend, slots, ...(reason ? { reason } : {}) }, `backend ${backend} is ${status}`);
}

function logRequest(log: Logger, event: RequestSummary, debugLevel: number): void {
  const { type: _, cause, ...facts } = event;
  if (event.outcome === 'failed')
    log.warn({ ...facts, ...(cause ? { err: cause } : {}) }, `request failed: ${event.errorMessage}`);
  else if (debugLevel >= 1) log.info(facts, `request ${event.outcome}`);
}

type CallRead = Extract<GatewayEvent, { type: 'toolCall.read' }>;

/** A call that is as it should be is no news. */
function logCall(log: Logger, { requestId, tool, outcome, changes }: CallRead, debugLevel: number): void {
  if (debugLevel < 1 || outcome === 'ok') return;
  const told = debugLevel >= 3 ? changes : [...new Set(changes.map(withoutValues))];
  log.info({ requestId, tool: tool.slice(0, 80), changes: told }, `tool call ${outcome}`);
}

/** The words of a change up to the first value in it: names of parameters and tools, and never what was written into them. */
function withoutValues(change: string): string {
  return /^[\w .-]{0,40}/.exec(change)?.[0].trim() ?? '';
}

/** Decisions carry whole tickets and prompts' shapes; the log needs the ids. */
function decision(event: Exclude<GatewayEvent, RequestSummary>): Record<string, unknown> {
  const { type: _, ...facts } = event;
  const { ticket, held, ...rest } = facts as Record<string, unknown> & {
    ticket?: { requestId: string; lineage: string; band: string };
    held?: readonly { prefixKey: string }[];
  };
  return {
    ...rest,
    ...(ticket ? { requestId: ticket.requestId, lineage: ticket.lineage, band: ticket.band } : {}),
    ...(held ? { held: held.map(({ prefixKey }) => prefixKey.slice(0, 8)) } : {}),
  };
}
