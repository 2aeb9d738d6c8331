/** Writes what happens in the gateway to the log, one line an event. Never keys, and no prompt text below debug level 3. */
import type { Logger } from 'pino';
import type { EventBus, GatewayEvent, RequestSummary } from '../runtime/events.ts';
import { errorFacts } from './error-facts.ts';
import { momentOf } from './story/moment.ts';

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
        if (debugLevel >= 3) log.info(event, event.type);
        return;
      case 'owner.acted':
        return log.info(event, event.text);
      case 'notice':
        return log.warn({ type: event.type, backend: event.backend }, event.text);
      case 'actor.broke':
      case 'slot.broke': {
        const actor = 'actor' in event ? event.actor : event.id;
        return log.error({ type: event.type, err: errorFacts(event.error, debugLevel), actor }, 'an actor broke');
      }
      default:
        if (debugLevel >= 2) log.info(factsOf(event), event.type);
    }
  });
}

type BackendChange = Extract<GatewayEvent, { type: 'backend.changed' }>;

/** @param known what was last said of each backend: one that is away is asked every few seconds, and that is no news */
function logBackend(log: Logger, event: BackendChange, known: Map<string, string>): void {
  const { type, backend, slots, status, reason } = event;
  const state = `${status} ${reason}`;
  const asks = status === 'probing' || status === 'halfOpen';
  const isNews = !asks && known.get(backend) !== state;
  if (isNews) known.set(backend, state);
  const level = isNews ? (status === 'up' ? 'info' : 'warn') : 'debug';
  log[level]({ type, backend, status, slots, ...(reason ? { reason } : {}) }, `backend ${backend} is ${status}`);
}

function logRequest(log: Logger, event: RequestSummary, debugLevel: number): void {
  const { error, ...facts } = event;
  if (event.outcome !== 'failed') {
    if (debugLevel >= 1) log.info(facts, `request ${event.outcome}`);
    return;
  }
  const err = debugLevel >= 3 || event.errorCode === 'internal' ? { err: errorFacts(error, debugLevel) } : {};
  log.warn({ ...facts, ...err }, `request failed: ${event.errorMessage}`);
}

type CallRead = Extract<GatewayEvent, { type: 'toolCall.read' }>;

/** A call that is as it should be is no news. */
function logCall(log: Logger, event: CallRead, debugLevel: number): void {
  if (debugLevel < 1 || event.outcome === 'ok') return;
  log.info(debugLevel >= 3 ? event : factsOf(event), `tool call ${event.outcome}`);
}

/** Without texts and without what only machines need. */
function factsOf(event: GatewayEvent): object {
  const moment = momentOf(event, 0);
  if (moment) {
    const { at: _, ...facts } = moment;
    return facts;
  }
  if (event.type !== 'cache.changed') return event;
  const short = (prefixKey: string) => prefixKey.slice(0, 8);
  return { ...event, held: event.held.map(({ prefixKey }) => short(prefixKey)), stored: event.stored.map(short) };
}
