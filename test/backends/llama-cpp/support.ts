/** A backend with the demo model and a way to run one generation on it to its end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLlamaCppBackend, type LlamaHooks } from '../../../src/backends/llama-cpp/index.ts';
import type { Backend, BackendOptions, EngineEvent, EngineInfo, Generation } from '../../../src/backends/types.ts';
import { toPrompt } from '../../../src/prompt/canonical.ts';
import type { Prompt } from '../../../src/prompt/types.ts';
import { messagesRequest } from '../../../src/protocol/anthropic/request.ts';

/** A prompt as the front door makes it. */
export function promptOf(body: Record<string, unknown>): Prompt {
  return toPrompt(messagesRequest.parse({ model: 'claude-test', max_tokens: 64, temperature: 0, ...body }));
}

export function userPrompt(text: string, more: Record<string, unknown> = {}): Prompt {
  return promptOf({ messages: [{ role: 'user', content: text }], ...more });
}

export interface Demo {
  readonly backend: Backend;
  readonly info: EngineInfo;
  readonly notices: readonly string[];
  start(prompt: Prompt, options?: RunOptions): Run;
  /** Runs to the end. */
  answer(prompt: Prompt, options?: RunOptions): Promise<Run>;
  stop(): Promise<void>;
}

interface RunOptions {
  readonly slot?: number;
  readonly maxTokens?: number;
  readonly onEvent?: (event: EngineEvent, generation: () => Generation) => void;
}

export interface Run {
  readonly events: readonly EngineEvent[];
  readonly generation: Generation;
  /** Resolves with `ended` or `failed`. */
  readonly finished: Promise<void>;
}

export async function startDemo(options: Partial<BackendOptions> = {}, hooks?: LlamaHooks): Promise<Demo> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'warmslot-demo-'));
  const notices: string[] = [];
  const defaults = {
    name: 'local',
    type: 'llama-cpp',
    priority: 1,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir,
  } as const;
  const backend = createLlamaCppBackend(
    { ...defaults, contextWindow: 4096, ...options },
    { notice: (text) => void notices.push(text) },
    hooks,
  );
  const info = await loadedInfo(backend);
  const start = (prompt: Prompt, run: RunOptions = {}): Run => startRun(backend, info, prompt, run);
  return {
    backend,
    info,
    notices,
    start,
    async answer(prompt, run) {
      const started = start(prompt, run);
      await started.finished;
      return started;
    },
    async stop() {
      await backend.close();
      await rm(modelsDir, { recursive: true });
    },
  };
}

async function loadedInfo(backend: Backend): Promise<EngineInfo> {
  const info = await backend.probe(AbortSignal.timeout(20_000));
  return info.loaded ? info : loadedInfo(backend);
}

export function startRun(backend: Backend, info: EngineInfo, prompt: Prompt, options: RunOptions): Run {
  const events: EngineEvent[] = [];
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const job = { requestId: 'req_test', prompt, maxTokens: options.maxTokens ?? 64, slot: options.slot ?? 0, info };
  const generation: Generation = backend.generate(job, {
    push(event) {
      events.push(event);
      options.onEvent?.(event, () => generation);
      if (event.type === 'ended' || event.type === 'failed') resolve();
    },
    flush() {},
  });
  return { events, generation, finished };
}

export function textOf({ events }: Run): string {
  return events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('');
}

export function eventOf<T extends EngineEvent['type']>(run: Run, type: T): Extract<EngineEvent, { type: T }> {
  const found = run.events.find((event) => event.type === type);
  if (!found) throw new Error(`no ${type} among ${run.events.map((event) => event.type).join(' ')}`);
  return found as Extract<EngineEvent, { type: T }>;
}

/** About `count` tokens of text, different for every `seed`. */
export function longText(count: number, seed = 0): string {
  const words = ['file', 'test', 'result', 'server', 'prompt', 'agent', 'token', 'cache', 'path', 'queue'];
  return Array.from({ length: count }, (_, i) => words[(i * 7 + ((i * i + seed) % 11) + seed) % words.length]).join(
    ' ',
  );
}
