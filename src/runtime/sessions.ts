/** The registry of sessions: one root actor a Claude Code conversation, forgotten when it expires or others need the room. */
import { LRUCache } from 'lru-cache';
import { createActor } from 'xstate';
import { type SessionActor, sessionMachine } from '../../machines/session.ts';
import type { EventBus } from './events.ts';

export interface Sessions {
  /** The session's actor, started on first use. */
  of(id: string, client: string): SessionActor;
  count(): number;
  close(): void;
}

/** Clients that name no session get one a conversation, so a script could make any number of them. */
const mostSessions = 1_000;

export function createSessions(events: EventBus): Sessions {
  const actors = new LRUCache<string, SessionActor>({ max: mostSessions, dispose: (actor) => actor.stop() });
  return {
    of(id, client) {
      const known = actors.get(id);
      if (known) return known;
      const actor = createActor(sessionMachine, { input: { id, client } });
      actor.on('session.turn', (event) => events.emit(event));
      actor.subscribe({
        complete: () => actors.delete(id),
        error: (error) => {
          actors.delete(id);
          events.emit({ type: 'actor.broke', actor: `session ${id}`, error });
        },
      });
      actors.set(id, actor);
      return actor.start();
    },
    count: () => actors.size,
    close() {
      for (const actor of actors.values()) actor.stop();
      actors.clear();
    },
  };
}
