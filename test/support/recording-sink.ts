/** A sink that keeps what an engine said, for tests of backends. */
import type { EngineEvent, EngineSink } from '../../src/protocol/engine.ts';

export interface RecordingSink extends EngineSink {
  readonly events: readonly EngineEvent[];
  /** Resolves with the first event of that type; rejects when the generation ends without one. */
  first<T extends EngineEvent['type']>(type: T): Promise<EngineEvent & { type: T }>;
  /** Resolves with the last event, `ended` or `failed`. */
  readonly over: Promise<EngineEvent>;
}

export function recordingSink(): RecordingSink {
  const events: EngineEvent[] = [];
  const over = Promise.withResolvers<EngineEvent>();
  const watchers = new Set<() => void>();

  const isLast = (event: EngineEvent | undefined): event is EngineEvent =>
    event?.type === 'ended' || event?.type === 'failed';

  return {
    events,
    over: over.promise,
    first: (type) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find((event) => event.type === type);
          const last = events.at(-1);
          if (found) resolve(found as Parameters<typeof resolve>[0]);
          else if (isLast(last)) reject(new Error(`No ${type} before ${JSON.stringify(last)}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    push(event) {
      if (isLast(events.at(-1))) throw new Error(`${event.type} after the end`);
      events.push(event);
      for (const watcher of watchers) watcher();
      if (isLast(event)) over.resolve(event);
    },
    flush() {},
  };
}

/** All text of a generation. */
export function saidBy({ events }: RecordingSink): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

/** The figures of a generation, later ones over earlier ones. */
export function usageBy({ events }: RecordingSink): Record<string, unknown> {
  return Object.assign({}, ...events.filter((event) => event.type === 'usage'));
}
