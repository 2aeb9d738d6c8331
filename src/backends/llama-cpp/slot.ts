/** One generation on one slot: reuse what the slot holds, prefill the rest in chunks, decode. */
import type { LlamaContextSequence, LlamaGrammarEvaluationState, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { EndReason, EngineSink } from '../../protocol/engine.ts';
import { createTextStream } from './detokenize.ts';
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
  // The last token is evaluated again in any case: the choice of the next one needs its logits. Never shift: it would move
  // what was cached at other positions, and the answer would no longer be that of a fresh prefill.
  await sequence.adaptStateToTokens(work.tokens.slice(0, -1), false);
  const cachedTokens = sequence.nextTokenIndex;
  if (valve.closed) return;
  sink.push({ type: 'started', promptTokens, cachedTokens });
  sink.flush();
  const total = promptTokens - cachedTokens;
  const rest = await prefill(sequence, work.tokens.slice(cachedTokens), valve, sink);
  if (valve.closed) return;
  const answer = await decode(sequence, rest, total, work, valve, sink);
  if (valve.closed) return;
  sink.push({ type: 'usage', promptTokens, cachedTokens, outputTokens: answer.tokens });
  sink.push({ type: 'ended', reason: answer.reason });
  sink.flush();
}

/** Evaluates all but the last chunk, which is left to the decoding: its end yields the first token. */
async function prefill(
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  valve: Valve,
  sink: EngineSink,
): Promise<readonly Token[]> {
  const total = tokens.length;
  let done = 0;
  while (total - done > PREFILL_CHUNK) {
    await valve.passable();
    if (valve.closed) break;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(done, done + PREFILL_CHUNK));
    done += PREFILL_CHUNK;
    if (valve.closed) break;
    sink.push({ type: 'prefill', done, total });
    sink.flush();
  }
  return tokens.slice(done);
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
