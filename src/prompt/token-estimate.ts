/** Prompt tokens without a tokenizer: learned from what the engine reported for earlier prompts. */
import { LRUCache } from 'lru-cache';
import type { Prompt } from './types.ts';

type Sized = Pick<Prompt, 'prefixKey' | 'prefixBytes' | 'chain' | 'bytes'>;

export interface TokenEstimator {
  /** @param promptTokens the engine's own count of the whole prompt, cached tokens included */
  learn(prompt: Sized, promptTokens: number): void;
  /** Exact for a prompt that was learned; whole tokens. */
  estimate(prompt: Sized): number;
}

/** A prompt whose tokens are known. */
interface Sample {
  readonly bytes: number;
  readonly tokens: number;
}

const remembered = 500;

/** Before anything was learned; English and code take three to four bytes a token in most vocabularies. */
const assumedBytesPerToken = 3.5;

/**
 * One rule for everything: tokens of the nearest known prompt, and what a byte costs times the difference in bytes. The
 * nearest is the longest one this continues, else the shortest with the same prefix. Tools (JSON) and messages (prose and
 * code) differ in what a byte costs, so the differences between prompts of one prefix teach a rate of their own.
 */
export function createTokenEstimator(): TokenEstimator {
  const samples = new LRUCache<string, Sample>({ max: remembered });
  const whole = createRate();
  const messages = createRate();

  const wholeRate = () => whole.value() ?? 1 / assumedBytesPerToken;
  const messageRate = () => messages.value() ?? wholeRate();

  return {
    learn(prompt, promptTokens) {
      const near = nearest(prompt);
      if (near) messages.add(promptTokens - near.tokens, prompt.bytes - near.bytes);
      whole.add(promptTokens, prompt.bytes);
      const sample = { bytes: prompt.bytes, tokens: promptTokens };
      samples.set(tipOf(prompt), sample);
      const shortest = samples.get(prompt.prefixKey);
      if (!shortest || shortest.bytes >= sample.bytes) samples.set(prompt.prefixKey, sample);
    },
    estimate(prompt) {
      const near = nearest(prompt);
      const tokens = near
        ? near.tokens + messageRate() * (prompt.bytes - near.bytes)
        : wholeRate() * prompt.prefixBytes + messageRate() * (prompt.bytes - prompt.prefixBytes);
      return Math.max(1, Math.round(tokens));
    },
  };

  function nearest({ chain, prefixKey }: Sized): Sample | undefined {
    for (let index = chain.length - 1; index >= 0; index--) {
      const sample = samples.get(chain[index]?.key ?? '');
      if (sample) return sample;
    }
    return samples.get(prefixKey);
  }
}

function tipOf({ chain, prefixKey }: Sized): string {
  return chain.at(-1)?.key ?? prefixKey;
}

interface Rate {
  /** Takes note of what some bytes cost, unless there are too few of them to tell or the engine's counts cannot be right. */
  add(tokens: number, bytes: number): void;
  /** Tokens a byte; undefined before anything was noted. */
  value(): number | undefined;
}

const fewestBytes = 200;
const plausible = { least: 0.02, most: 2 };
/** Past this the older half counts half, so that a rate follows what is sent now. */
const memoryBytes = 4_000_000;

function createRate(): Rate {
  let sum = { tokens: 0, bytes: 0 };
  return {
    add(tokens, bytes) {
      const rate = tokens / bytes;
      if (Math.abs(bytes) < fewestBytes || rate < plausible.least || rate > plausible.most) return;
      sum = { tokens: sum.tokens + Math.abs(tokens), bytes: sum.bytes + Math.abs(bytes) };
      if (sum.bytes > memoryBytes) sum = { tokens: sum.tokens / 2, bytes: sum.bytes / 2 };
    },
    value: () => (sum.bytes > 0 ? sum.tokens / sum.bytes : undefined),
  };
}
