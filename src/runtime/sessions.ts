/** The registry of sessions: one root actor a Claude Code conversation, forgotten when it expires. */
import { createActor } from 'xstate';
import { type SessionActor, sessionMachine } from '../../machines/session.ts';
import type { EventBus } from './events.ts';

export interface Sessions {
  /** The session's actor, started on first use. */
  of(id: string, client: string): SessionActor;
  count(): number;
  close(): void;
}

export function createSessions(events: EventBus): Sessions {
  const actors = new Map<string, SessionActor>();
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
