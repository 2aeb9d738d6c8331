/** One generation on one slot: reuse what the slot holds, prefill the rest in chunks, decode. */
import type { LlamaContextSequence, LlamaGrammarEvaluationState, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { EndReason, EngineSink } from '../../protocol/engine.ts';
import { createTextStream } from './detokenize.ts';
import type { PrefixSnapshot, Saving } from './snapshots.ts';
import type { Valve } from './valve.ts';

/**
 * Tokens prefilled at a time. An abort, a pause and the other slots' decoding wait for at most one chunk; smaller ones cost
 * throughput (llama.cpp's own batch is 512).
 */
const PREFILL_CHUNK = 256;

/** Replaces the model's choice of the `index`th token of an answer; undefined keeps it. For tests that script answers. */
export type ChooseToken = (choice: {
  readonly sampled: Token;
  readonly index: number;
}) => Token | undefined | Promise<Token | undefined>;

export interface Work {
  /** The whole prompt, shorter than the context. */
  readonly tokens: readonly Token[];
  /** How many of them are the prefix, system and tools; 0: too few to matter. */
  readonly prefixTokens: number;
  /** Where the prefix is written to when the slot passes its end. */
  readonly snapshot: PrefixSnapshot | undefined;
  /** Text the answer begins with, written by the template. */
  readonly begun: string;
  readonly maxTokens: number;
  readonly sampling: Pick<SequenceEvaluateOptions, 'temperature' | 'topP' | 'topK' | 'seed'>;
  readonly grammar: LlamaGrammarEvaluationState | undefined;
  readonly chooseToken: ChooseToken | undefined;
}

/** Resolves when the slot is at rest again: after `ended`, or, with nothing pushed, soon after the valve was closed. */
export async function runWork(
  sequence: LlamaContextSequence,
  work: Work,
  valve: Valve,
  sink: EngineSink,
): Promise<void> {
  const promptTokens = work.tokens.length;
  // Never shift: it would move what was cached at other positions, and the answer would no longer be that of a fresh prefill.
  await sequence.adaptStateToTokens(work.tokens.slice(0, usable(sequence, work)), false);
  const cachedTokens = sequence.nextTokenIndex;
  if (valve.closed) return;
  sink.push({ type: 'started', promptTokens, cachedTokens });
  sink.flush();
  const total = promptTokens - cachedTokens;
  const { rest, saving } = await prefill(sequence, work, valve, sink);
  if (valve.closed) return;
  const answer = await decode(sequence, rest, total, work, valve, sink);
  if (valve.closed) return;
  const created = (await saving?.kept) ? { createdTokens: work.prefixTokens - cachedTokens } : {};
  if (valve.closed) return;
  sink.push({ type: 'usage', promptTokens, cachedTokens, ...created, outputTokens: answer.tokens });
  sink.push({ type: 'ended', reason: answer.reason });
  sink.flush();
}

/**
 * How many of the prompt's first tokens the slot holds and need not be evaluated. Of a prefix it holds only a part of, whole
 * chunks: llama.cpp rounds otherwise in small batches, and a prefix is to be the same bits however the slot came to it.
 */
function usable(sequence: LlamaContextSequence, { tokens, prefixTokens }: Work): number {
  const held = sequence.compareContextTokens([...tokens]).firstDifferentIndex;
  // The last token is evaluated again in any case: the choice of the next one needs its logits.
  return held < prefixTokens ? held - (held % PREFILL_CHUNK) : Math.min(held, tokens.length - 1);
}

interface Prefilled {
  /** Left to the decoding: its end yields the first token. */
  readonly rest: readonly Token[];
  readonly saving: Saving | undefined;
}

/** Evaluates all but the last chunk. One ends where the prefix does, so that the slot holds nothing else then. */
async function prefill(sequence: LlamaContextSequence, work: Work, valve: Valve, sink: EngineSink): Promise<Prefilled> {
  const tokens = work.tokens.slice(sequence.nextTokenIndex);
  const total = tokens.length;
  const border = work.prefixTokens - sequence.nextTokenIndex;
  let done = 0;
  let saving: Saving | undefined;
  while (done < border || total - done > PREFILL_CHUNK) {
    await valve.passable();
    if (valve.closed) break;
    const end = done < border ? Math.min(done + PREFILL_CHUNK, border) : done + PREFILL_CHUNK;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(done, end));
    done = end;
    if (done === border) saving = await work.snapshot?.save(sequence);
    if (valve.closed) break;
    sink.push({ type: 'prefill', done, total });
    sink.flush();
  }
  return { rest: tokens.slice(done), saving };
}

interface Answer {
  readonly tokens: number;
  readonly reason: EndReason;
}

async function decode(
  sequence: LlamaContextSequence,
  rest: readonly Token[],
  total: number,
  work: Work,
  valve: Valve,
  sink: EngineSink,
): Promise<Answer> {
  const { model } = sequence;
  const text = createTextStream(model);
  const say = (piece: string): void => {
    if (piece) sink.push({ type: 'text', text: piece });
    sink.flush();
  };
  // An answer's end is a token like any other here, so that a scripted one can go past it.
  const choices = sequence.evaluate([...rest], {
    ...work.sampling,
    ...(work.grammar ? { grammarEvaluationState: work.grammar } : {}),
    yieldEogToken: true,
  });
  let tokens = 0;
  let reason: EndReason = 'end_turn';
  let chosen: Token | undefined;
  try {
    while (reason === 'end_turn') {
      const next = await choices.next(chosen);
      await valve.passable();
      if (valve.closed || next.done) break;
      if (tokens === 0) begin();
      chosen = (await work.chooseToken?.({ sampled: next.value, index: tokens })) ?? next.value;
      if (valve.closed || model.isEogToken(chosen)) break;
      tokens++;
      say(text.add(chosen));
      if (tokens >= work.maxTokens) reason = 'max_tokens';
    }
  } finally {
    await choices.return();
  }
  if (!valve.closed) say(text.end());
  return { tokens, reason };

  function begin(): void {
    sink.push({ type: 'prefill', done: total, total });
    say(work.begun);
  }
}
