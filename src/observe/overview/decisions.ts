/** The last decisions, in words. */
import type { GatewayEvent } from '../../runtime/events.ts';
import { wallClock } from './clock.ts';
import { createRing } from './ring.ts';
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
  let number = 0;
  return {
    hear(event) {
      const text = wordsOf(event);
      if (text === undefined) return;
      if (event.type === 'backend.changed') {
        if (known.get(event.backend) === text) return;
        known.set(event.backend, text);
      }
      number += 1;
      ring.push({ number, at: wallClock(performance.now()), type: event.type, requestId: requestOf(event), text });
    },
    items: () => ring.items(),
  };
}

function requestOf(event: GatewayEvent): string | undefined {
  if ('requestId' in event) return event.requestId;
  return 'ticket' in event ? event.ticket.requestId : undefined;
}
