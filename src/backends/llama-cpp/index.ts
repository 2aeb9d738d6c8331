/** The embedded engine: llama.cpp in this process, through the optional package node-llama-cpp. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Token } from 'node-llama-cpp';
import type { Prompt } from '../../prompt/types.ts';
import type { EngineSink } from '../../protocol/engine.ts';
import { GatewayError, toGatewayError } from '../../protocol/errors.ts';
import { refusesContent } from '../openai-compatible/refuses.ts';
import type {
  Backend,
  BackendDeps,
  BackendOptions,
  CreateBackend,
  EngineInfo,
  GenerateJob,
  Generation,
} from '../types.ts';
import { createLlamaEngine, type LlamaEngine } from './engine.ts';
import { jsonGrammar, toolCallGrammar } from './grammar.ts';
import { modelFile, modelName } from './model-file.ts';
import { demoNotice, downloadNotices, toollessNotice } from './notices.ts';
import { createPrefixBoundary } from './prefix-boundary.ts';
import { createPromptTokens, type TokenizedPrompt } from './prompt-tokens.ts';
import { createRenderer } from './render.ts';
import { samplingOf } from './sampling.ts';
import type { ChooseToken, Work } from './slot.ts';
import { createStoredPrefixes } from './stored-prefixes.ts';
import { createValve, type Valve } from './valve.ts';

/** Ways into the engine that no configuration has: for tests that script what a model says. */
export interface LlamaHooks {
  /** What chooses the tokens of this prompt's answer in the model's stead; undefined leaves it to the model. */
  script?(prompt: Prompt, tokenize: (text: string) => readonly Token[]): ChooseToken | undefined;
}

/**
 * KV memory is taken for all slots at once: a small model of today needs about 0.1 MB a token. More than this is for the owner
 * to ask for. A coding agent's first prompt alone is some 20 000 tokens.
 */
const MAX_CONTEXT = 65_536;
/** Twice: the demo model's KV is 512 bytes a token, and two slots show what scheduling does. */
const DEMO_SLOTS = 2;
const MAX_OUTPUT = 32_768;
/** Small models are there by then; larger ones are reported as loading. */
const PROBE_PATIENCE_MS = 3_000;

/** A model ready to answer. */
interface Loaded {
  readonly engine: LlamaEngine;
  tokens(prompt: Prompt): TokenizedPrompt;
  /** How many of the prompt's tokens are system and tools. */
  prefixTokens(prompt: Prompt): number;
}

export const createLlamaCppBackend = ((options: BackendOptions, deps: BackendDeps, hooks: LlamaHooks = {}): Backend => {
  const { name, demo } = modelName(options.model);
  const slots = options.slots ?? (demo ? DEMO_SLOTS : 1);
  const closing = new AbortController();
  const valves = new Set<Valve>();
  /** For each slot the end of the last generation given to it: they run one after the other. */
  const rest: Promise<void>[] = Array.from({ length: slots }, () => Promise.resolve());
  const stored = createStoredPrefixes();
  let loading: Promise<Loaded> | undefined;
  let loaded: Loaded | undefined;

  return {
    name: options.name,
    type: 'llama-cpp',
    priority: options.priority,
    location: options.model ?? 'generated demo model',

    async probe(signal) {
      loading ??= load().catch((error) => {
        // So that the next probe tries again: the file or the package may have come.
        loading = undefined;
        throw error;
      });
      const patience = new AbortController();
      try {
        await Promise.race([
          loading,
          delay(PROBE_PATIENCE_MS, undefined, { signal: AbortSignal.any([signal, patience.signal]) }),
        ]);
      } finally {
        patience.abort();
      }
      return info();
    },

    refuses: refusesContent,

    countTokens(prompt) {
      if (!loaded) return Math.ceil(prompt.bytes / 3);
      // Prompts are counted when they arrive, and what is on disk decides when and where they run.
      if (!stored.isKnown(prompt.prefixKey)) prefixOf(loaded, prompt);
      return loaded.tokens(prompt).tokens.length;
    },

    generate(job, sink) {
      const valve = createValve();
      valves.add(valve);
      const before = rest[job.slot] ?? Promise.resolve();
      rest[job.slot] = before.then(() => answer(job, valve, sink)).then(() => void valves.delete(valve));
      return generationOf(valve);
    },

    watchSnapshots: stored.watch,

    async idle(slot, signal) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await Promise.race([rest[slot], aborted.promise]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },

    async close() {
      closing.abort();
      for (const valve of valves) valve.close();
      await Promise.all(rest);
      const open = await loading?.catch(() => undefined);
      loaded = undefined;
      await open?.engine.close();
    },
  };

  async function load(): Promise<Loaded> {
    const { signal } = closing;
    if (demo) deps.notice(demoNotice);
    const onProgress = downloadNotices(deps, name);
    const modelPath = await modelFile(options.model, options.modelsDir, onProgress, signal);
    const { notice } = deps;
    const { contextWindow, snapshots } = options;
    const engine = await createLlamaEngine({
      modelPath,
      slots,
      contextWindow,
      maxContext: MAX_CONTEXT,
      snapshots: snapshots && { ...snapshots, changed: stored.found },
      notice,
      signal,
    });
    const toolless = toollessNotice(engine.template.template);
    if (toolless) notice(toolless);
    const tokens = createPromptTokens(engine.tokenizer, createRenderer(engine.library, engine.template));
    loaded = { engine, tokens, prefixTokens: createPrefixBoundary((prompt) => tokens(prompt).tokens) };
    return loaded;
  }

  function info(): EngineInfo {
    const contextWindow = loaded?.engine.contextWindow ?? options.contextWindow ?? MAX_CONTEXT;
    return {
      model: name,
      loaded: loaded !== undefined,
      slots,
      contextWindow,
      contextSource: contextSource(loaded?.engine, options.contextWindow),
      maxOutputTokens: Math.min(options.maxOutputTokens ?? MAX_OUTPUT, contextWindow),
      images: false,
      documents: false,
      toolCalls: 'auto',
      cache: { kind: 'slots', capacity: slots },
      exactTokens: loaded !== undefined,
      demo,
    };
  }

  async function answer(job: GenerateJob, valve: Valve, sink: EngineSink): Promise<void> {
    if (valve.closed) return;
    try {
      if (!loaded) throw new GatewayError('model_loading', `The model ${name} is still loading.`);
      const work = await workFor(loaded, job);
      await loaded.engine.run(job.slot, work, valve, sink);
    } catch (error) {
      if (valve.closed) return;
      sink.push({ type: 'failed', error: toGatewayError(error) });
      sink.flush();
    }
  }

  function prefixOf({ engine, tokens, prefixTokens }: Loaded, prompt: Prompt): Pick<Work, 'prefixTokens' | 'snapshot'> {
    const count = prefixTokens(prompt);
    const snapshot = engine.snapshotOf(tokens(prompt).tokens.slice(0, count));
    stored.meet(prompt.prefixKey, snapshot?.key);
    return { prefixTokens: count, snapshot };
  }

  async function workFor(ready: Loaded, { prompt, maxTokens }: GenerateJob): Promise<Work> {
    const { engine } = ready;
    const tokenized = ready.tokens(prompt);
    requireFits(tokenized.tokens.length, engine.contextWindow);
    const gbnf = grammarFor(prompt, engine);
    return {
      tokens: tokenized.tokens,
      ...prefixOf(ready, prompt),
      // A grammar's text is the answer, even where the template wanted thinking first.
      begun: gbnf === undefined ? tokenized.begun : '',
      maxTokens,
      sampling: samplingOf(prompt.settings, options.sampling),
      grammar: gbnf === undefined ? undefined : await engine.grammar(gbnf),
      chooseToken: hooks.script?.(prompt, engine.tokenizer.tokenize),
    };
  }
}) satisfies CreateBackend;

function generationOf(valve: Valve): Generation {
  return { abort: valve.close, pause: valve.pause, resume: valve.resume };
}

/** llama.cpp would make room by forgetting the beginning of a prompt that is too long. */
function requireFits(promptTokens: number, contextWindow: number): void {
  if (promptTokens < contextWindow) return;
  throw new GatewayError(
    'prompt_too_long',
    `prompt is too long: ${promptTokens} tokens > ${contextWindow - 1} maximum`,
  );
}

/** A call can be forced only on a model that speaks Hermes: another one's calls look different. */
function grammarFor(prompt: Prompt, engine: LlamaEngine): string | undefined {
  if (prompt.settings.outputSchema) return jsonGrammar(prompt.settings.outputSchema);
  const { template } = engine.template;
  const hermes = template === undefined || template.includes('<tool_call>');
  return hermes ? toolCallGrammar(prompt.settings, [...prompt.tools, ...prompt.loadedTools]) : undefined;
}

function contextSource(engine: LlamaEngine | undefined, configured: number | undefined): EngineInfo['contextSource'] {
  if (configured !== undefined && (!engine || engine.contextWindow === configured)) return 'config';
  if (!engine || engine.contextWindow === MAX_CONTEXT) return 'default';
  return engine.contextWindow === engine.trainContext ? 'model files' : 'engine';
}
