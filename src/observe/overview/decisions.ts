/** The last decisions, in words. */
import type { GatewayEvent } from '../../runtime/events.ts';
import { createRing } from '../ring.ts';
import { wallClock } from './clock.ts';
import { type Decision, mostDecisions } from './types.ts';
import { wordsOf } from './words.ts';

export interface Decisions {
  hear(event: GatewayEvent): void;
  items(): readonly Decision[];
}

export function createDecisions(): Decisions {
  const ring = createRing<Decision>(mostDecisions);
  /** What was last said of each backend: one that is away is asked every few seconds, and that is no news. */
  const known = new Map<string, string>();
  return {
    hear(event) {
      const text = wordsOf(event);
      if (text === undefined) return;
      if (event.type === 'backend.changed') {
        if (known.get(event.backend) === text) return;
        known.set(event.backend, text);
      }
      ring.push({
        number: ring.last + 1,
        at: wallClock(performance.now()),
        type: event.type,
        requestId: requestOf(event),
        text,
      });
    },
    items: () => ring.after(0),
  };
}

function requestOf(event: GatewayEvent): string | undefined {
  if ('requestId' in event) return event.requestId;
  return 'ticket' in event ? event.ticket.requestId : undefined;
}
