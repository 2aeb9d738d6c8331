/** An engine that says what the test tells it to, when it tells it to. */
import { expect } from 'vitest';
import type { CreateBackend, EngineInfo, GenerateJob } from '../../src/backends/types.ts';
import type { EngineEvent, EngineSink } from '../../src/protocol/engine.ts';

const info: EngineInfo = {
  model: 'played',
  loaded: true,
  slots: 1,
  contextWindow: 4_000,
  contextSource: 'config',
  maxOutputTokens: 1_000,
  images: false,
  documents: false,
  toolCalls: 'auto',
  cache: { kind: 'slots', capacity: 1 },
  exactTokens: true,
  demo: false,
};

/** Says no more than that it is there. */
export const answer: readonly EngineEvent[] = [
  { type: 'text', text: 'Hi' },
  { type: 'ended', reason: 'end_turn' },
];

export const call: readonly EngineEvent[] = [
  { type: 'toolCallStart', name: 'Bash', from: 'engine' },
  { type: 'toolCallArguments', json: '{}' },
  { type: 'toolCallEnd' },
  { type: 'ended', reason: 'tool_use' },
];

export interface PlayedGeneration extends GenerateJob {
  aborted: boolean;
  paused: boolean;
  say(...events: readonly EngineEvent[]): void;
}

export interface PlayedEngine {
  readonly create: CreateBackend;
  /** In the order they were asked for. */
  readonly generations: readonly PlayedGeneration[];
  /** The nth, as soon as it is asked for. */
  generation(nth: number): Promise<PlayedGeneration>;
}

export function playedEngine(patch: Partial<EngineInfo> = {}): PlayedEngine {
  const generations: PlayedGeneration[] = [];
  return {
    create: ({ name, type, priority }) => ({
      name,
      type,
      priority,
      location: 'here',
      probe: async () => ({ ...info, ...patch }),
      refuses: () => undefined,
      countTokens: ({ bytes }) => Math.ceil(bytes / 4),
      generate(job, sink) {
        const generation = play(job, sink);
        generations.push(generation);
        return {
          abort: () => Object.assign(generation, { aborted: true }),
          pause: () => Object.assign(generation, { paused: true }),
          resume: () => Object.assign(generation, { paused: false }),
        };
      },
      idle: async () => {},
      close: async () => {},
    }),
    generations,
    async generation(nth) {
      await expect.poll(() => generations.length, { interval: 10 }).toBeGreaterThanOrEqual(nth);
      const generation = generations[nth - 1];
      if (!generation) throw new Error(`no generation ${nth}`);
      return generation;
    },
  };
}

function play(job: GenerateJob, sink: EngineSink): PlayedGeneration {
  return {
    ...job,
    aborted: false,
    paused: false,
    say(...events) {
      for (const event of events) sink.push(event);
      sink.flush();
    },
  };
}
