/** A vllm-mlx backend on the fake engine, for one test. */

import type { Backend, BackendOptions, EngineInfo, Generation } from '../../../src/backends/types.ts';
import { createVllmMlxBackend } from '../../../src/backends/vllm-mlx/index.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { type FakeEngine, type Quirks, startFakeVllmMlx } from '../../support/fake-vllm-mlx.ts';
import { type RecordingSink, recordingSink } from '../../support/recording-sink.ts';

export const forever = new AbortController().signal;

export interface Driver {
  readonly fake: FakeEngine;
  readonly backend: Backend;
  readonly info: EngineInfo;
  readonly notices: readonly string[];
  start(body: object): RecordingSink & Generation;
  /** One user message, to the end of the answer. */
  say(text: string, more?: object): Promise<RecordingSink>;
}

interface Setup {
  readonly quirks?: Partial<Quirks>;
  readonly options?: Partial<BackendOptions>;
}

export async function withBackend(setup: Setup, body: (driver: Driver) => Promise<void>): Promise<void> {
  const fake = await startFakeVllmMlx(setup.quirks);
  const notices: string[] = [];
  const backend = createVllmMlxBackend(optionsFor(`${fake.url}/v1`, setup.options), {
    notice: (text) => notices.push(text),
  });
  try {
    const info = await backend.probe(forever);
    const start = (request: object): RecordingSink & Generation => {
      const prompt = promptOf({ max_tokens: 500, ...request });
      const sink = recordingSink();
      const job = { requestId: 'r', prompt, maxTokens: prompt.settings.maxTokens, slot: 0, info };
      return { ...sink, ...backend.generate(job, sink) };
    };
    const say = async (text: string, more: object = {}): Promise<RecordingSink> => {
      const running = start({ messages: [{ role: 'user', content: text }], ...more });
      await running.over;
      return running;
    };
    await body({ fake, backend, info, notices, start, say });
  } finally {
    await backend.close();
    await fake.close();
  }
}

export function optionsFor(baseUrl: string, more: Partial<BackendOptions> = {}): BackendOptions {
  return {
    name: 'mlx',
    type: 'vllm-mlx',
    priority: 1,
    baseUrl,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir: '',
    ...more,
  };
}
