/** A loaded model with its slots. Knows tokens and texts, nothing of prompts and requests. */
import type {
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
} from 'node-llama-cpp';
import type { EngineSink } from '../../protocol/engine.ts';
import { GatewayError, toGatewayError } from '../../protocol/errors.ts';
import { type Library, loadLibrary, startLlama, threads } from './library.ts';
import { modelDigest } from './model-digest.ts';
import type { Tokenizer } from './prompt-tokens.ts';
import type { TemplateSource } from './render.ts';
import { runWork, type Work } from './slot.ts';
import { openSnapshots, type PrefixSnapshot, type Snapshots, type SnapshotsOptions } from './snapshots.ts';
import type { Valve } from './valve.ts';

export interface EngineOptions {
  readonly modelPath: string;
  readonly slots: number;
  /** Tokens of prompt and answer together, for each slot; absent: the most that fits into memory, up to `maxContext`. */
  readonly contextWindow: number | undefined;
  readonly maxContext: number;
  /** Where prefixes are kept, and how many bytes they may take; absent, or 0 bytes: nowhere. */
  readonly snapshots?: Pick<SnapshotsOptions, 'dir' | 'maxBytes' | 'changed'> | undefined;
  /** What llama.cpp itself complains of, and what could not be honoured. */
  notice(text: string): void;
  /** Gives up loading. */
  readonly signal: AbortSignal;
}

export interface LlamaEngine {
  readonly library: Library;
  readonly model: LlamaModel;
  readonly contextWindow: number;
  /** What the model was trained for. */
  readonly trainContext: number;
  readonly tokenizer: Tokenizer;
  readonly template: TemplateSource;
  /** Where the state of a prefix is, or would be, kept; undefined: nowhere. */
  snapshotOf(prefix: readonly Token[]): PrefixSnapshot | undefined;
  /** @throws Error: not a grammar */
  grammar(gbnf: string): Promise<LlamaGrammarEvaluationState>;
  /**
   * Resolves when the slot is at rest again; until then nothing else may be run on it.
   * @param work its prompt must be shorter than the context; its answer is cut to what fits
   * @throws GatewayError engine_failed; the slot is empty then
   */
  run(slot: number, work: Work, valve: Valve, sink: EngineSink): Promise<void>;
  /** Only when nothing runs any more. */
  close(): Promise<void>;
}

/** @throws GatewayError engine_unreachable | engine_failed */
export async function createLlamaEngine(options: EngineOptions): Promise<LlamaEngine> {
  const library = await loadLibrary();
  const llama = await startLlama(library, (message) => {
    if (!isOwnTrouble(message)) options.notice(`llama.cpp: ${message}`);
  });
  try {
    const model = await llama.loadModel({ modelPath: options.modelPath, loadSignal: options.signal });
    const wanted = wantedContext(model, options);
    const context = await createContext(model, wanted, options);
    const contextWindow = Math.min(context.contextSize, wanted ?? context.contextSize);
    const snapshots = await snapshotsOf(library, llama, context, options);
    return engineOf({ library, llama, model, context, contextWindow, snapshots }, options);
  } catch (error) {
    await llama.dispose();
    throw explain(error, options.modelPath);
  }
}

/** Beyond what it was trained for a model only makes noise; and a typing error here would take all memory there is. */
function wantedContext({ trainContextSize }: LlamaModel, { contextWindow, notice }: EngineOptions): number | undefined {
  if (contextWindow === undefined || contextWindow <= trainContextSize) return contextWindow;
  notice(`contextWindow ${contextWindow} is more than the model was trained for; using ${trainContextSize}.`);
  return trainContextSize;
}

function createContext(model: LlamaModel, wanted: number | undefined, options: EngineOptions): Promise<LlamaContext> {
  return model.createContext({
    sequences: options.slots,
    contextSize: wanted ?? { max: Math.min(model.trainContextSize, options.maxContext) },
    // Always on: it halves the prefill of long prompts, and snapshots load only under the mode they were written in.
    flashAttention: true,
    threads: threads(),
  });
}

/** What reading and writing states complains of is said once, by those who do it. */
function isOwnTrouble(complaint: string): boolean {
  return complaint.startsWith('llama_state_seq_');
}

async function snapshotsOf(
  { cpp }: Library,
  llama: Llama,
  context: LlamaContext,
  { modelPath, slots, snapshots, notice, signal }: EngineOptions,
): Promise<Snapshots | undefined> {
  if (!snapshots) return undefined;
  const { dir } = snapshots;
  const origin = async () => ({
    modelDigest: await modelDigest(modelPath, dir, signal),
    module: await cpp.getModuleVersion(),
    release: llama.llamaCppRelease.release,
    device: llama.gpu || 'cpu',
    slots,
    flashAttention: context.flashAttention,
    keyType: context.kvCacheKeyType,
    valueType: context.kvCacheValueType,
  });
  return openSnapshots({ ...snapshots, origin, notice, signal });
}

interface Parts {
  readonly library: Library;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly contextWindow: number;
  readonly snapshots: Snapshots | undefined;
}

function engineOf(parts: Parts, { slots, modelPath }: EngineOptions): LlamaEngine {
  const { library, llama, model, context, contextWindow, snapshots } = parts;
  const sequences = Array.from({ length: slots }, () => context.getSequence());
  const sequenceOf = (slot: number): LlamaContextSequence => {
    const sequence = sequences[slot];
    if (!sequence) throw new RangeError(`slot ${slot} of ${sequences.length}`);
    return sequence;
  };
  const empty = async (slot: number): Promise<void> => {
    await sequenceOf(slot).dispose();
    sequences[slot] = context.getSequence();
  };

  return {
    library,
    model,
    contextWindow,
    trainContext: model.trainContextSize,
    tokenizer: tokenizerOf(library, model),
    template: templateOf(model),
    snapshotOf: (prefix) => (prefix.length > 0 ? snapshots?.of(prefix) : undefined),
    grammar: async (gbnf) => {
      const grammar = await llama.createGrammar({ grammar: gbnf });
      return new library.cpp.LlamaGrammarEvaluationState({ model, grammar });
    },
    async run(slot, work, valve, sink) {
      const maxTokens = Math.min(work.maxTokens, contextWindow - work.tokens.length);
      const { snapshot } = work;
      try {
        if (snapshot && !(await snapshot.restore(sequenceOf(slot)))) await empty(slot);
        await runWork(sequenceOf(slot), { ...work, maxTokens }, valve, sink);
      } catch (error) {
        // What a failed evaluation left in the KV cache is unknown.
        await empty(slot);
        throw explain(error, modelPath);
      }
    },
    async close() {
      await snapshots?.settled();
      await llama.dispose();
    },
  };
}

function tokenizerOf({ cpp }: Library, model: LlamaModel): Tokenizer {
  const { tokens } = model;
  const turnEnd = tokens.eotString ?? tokens.eosString;
  return {
    tokenize: (text) => model.tokenize(text, true),
    first: tokens.shouldPrependBosToken && tokens.bos !== null ? [tokens.bos] : [],
    // Byte-level BPE cuts at special tokens first and knows no neighbours; SentencePiece adds spaces after them.
    border: model.vocabularyType === cpp.LlamaVocabularyType.bpe && turnEnd ? turnEnd : undefined,
  };
}

function templateOf(model: LlamaModel): TemplateSource {
  const { tokens } = model;
  return {
    template: model.fileInfo.metadata.tokenizer?.chat_template,
    bos: tokens.shouldPrependBosToken ? '' : (tokens.bosString ?? ''),
    eos: tokens.eosString ?? '',
  };
}

function explain(error: unknown, modelPath: string): GatewayError {
  if (error instanceof GatewayError) return error;
  if (!(error instanceof Error)) return toGatewayError(error);
  const memory = error.constructor.name === 'InsufficientMemoryError';
  const advice = memory ? '; set a smaller contextWindow, fewer slots or a smaller model' : '';
  return new GatewayError('engine_failed', `The embedded engine failed on ${modelPath}: ${error.message}${advice}`, {
    cause: error,
    quote: error.message,
  });
}
