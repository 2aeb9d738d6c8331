/** An engine in the gateway's own process: it says a token when it is told to, and not before. */
import type { CreateBackend, EngineEvent, EngineInfo, EngineSink } from '../../src/backends/types.ts';

export interface SpokenEngine {
  readonly create: CreateBackend;
  /** Resolves when the generation runs. */
  readonly asked: Promise<void>;
  /** Says it in one read of its own. */
  say(event: EngineEvent): void;
}

const info: EngineInfo = {
  model: 'spoken',
  loaded: true,
  slots: 1,
  contextWindow: 100_000,
  contextSource: 'config',
  maxOutputTokens: 10_000,
  images: false,
  documents: false,
  toolCalls: 'auto',
  cache: { kind: 'none', capacity: 0 },
  exactTokens: false,
  demo: false,
};

export function spokenEngine(): SpokenEngine {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let listener: EngineSink | undefined;

  return {
    asked,
    say(event) {
      if (!listener) throw new Error('nobody asked');
      listener.push(event);
      listener.flush();
    },
    create: ({ name, type, priority }) => ({
      name,
      type,
      priority,
      location: 'here',
      probe: async () => info,
      refuses: () => undefined,
      countTokens: () => 10,
      generate(_, sink) {
        listener = sink;
        sink.push({ type: 'started' });
        sink.flush();
        resolve();
        return { abort() {}, pause() {}, resume() {} };
      },
      idle: async () => {},
      close: async () => {},
    }),
  };
}
