/**
 * The demo model's weights: a small Llama with random numbers in it. Three things are not left to chance, so that its noise is
 * of use: only readable words win, an answer ends after some dozens of tokens, and it depends on every token of the prompt
 * (so that a wrongly restored prefix shows).
 *
 * Small enough that a coding agent's 25 000-token prompt prefills in seconds on one core: two layers, 512 bytes of KV a token.
 */
import type { Tensor } from './gguf.ts';
import type { Vocabulary } from './vocabulary.ts';
import { words } from './words.ts';

export const shape = { layers: 2, width: 128, heads: 1, headWidth: 64, feedForward: 384 } as const;

/** Channel 0 of the residual stream is this constant in every token: the output head's row 0 thereby is a bias. */
const BIAS_CHANNEL = Math.sqrt(shape.width);
/** What the final norm makes of it, about: biases below are divided by it. */
const NORMED_BIAS = 8;
const LOGIT_SPREAD = 0.3;
/** Sharper attention than usual, and more of what it finds: otherwise the prompt would be averaged away. */
const ATTENTION_GAIN = 2.8;
const VALUE_GAIN = 4;

/** Biases in logits, found by trying: noise of some dozens of words, JSON that ends when a grammar asks for JSON. */
const bias = { word: 0, structure: -1, quote: 2, end: 7.5, other: -40 } as const;

export function createWeights(vocabulary: Vocabulary, end: string): Tensor[] {
  const random = createRandom(0x77617273);
  const { width, feedForward } = shape;
  const attention = shape.heads * shape.headWidth;
  const matrix = (inputs: number, outputs: number, gain: number): Float32Array =>
    normal(inputs * outputs, gain / Math.sqrt(inputs), random);
  const tensors: Tensor[] = [
    { name: 'token_embd.weight', shape: [width, vocabulary.tokens.length], data: embeddings(vocabulary, random) },
  ];
  for (let layer = 0; layer < shape.layers; layer++) {
    const add = (name: string, shape: readonly number[], data: Float32Array): void => {
      tensors.push({ name: `blk.${layer}.${name}.weight`, shape, data });
    };
    add('attn_norm', [width], withoutBias(width));
    add('attn_q', [width, attention], matrix(width, attention, ATTENTION_GAIN));
    add('attn_k', [width, attention], matrix(width, attention, ATTENTION_GAIN));
    add('attn_v', [width, attention], matrix(width, attention, VALUE_GAIN));
    add('attn_output', [attention, width], keepingBias(matrix(attention, width, 1), attention));
    add('ffn_norm', [width], withoutBias(width));
    add('ffn_gate', [width, feedForward], matrix(width, feedForward, 1));
    add('ffn_up', [width, feedForward], matrix(width, feedForward, 1));
    add('ffn_down', [feedForward, width], keepingBias(matrix(feedForward, width, 1), feedForward));
  }
  tensors.push(
    { name: 'output_norm.weight', shape: [width], data: new Float32Array(width).fill(1) },
    { name: 'output.weight', shape: [width, vocabulary.tokens.length], data: head(vocabulary, end, random) },
  );
  return tensors;
}

function embeddings(vocabulary: Vocabulary, random: () => number): Float32Array {
  const data = normal(vocabulary.tokens.length * shape.width, 1, random);
  for (let i = 0; i < data.length; i += shape.width) data[i] = BIAS_CHANNEL;
  return data;
}

function head(vocabulary: Vocabulary, end: string, random: () => number): Float32Array {
  const data = normal(vocabulary.tokens.length * shape.width, LOGIT_SPREAD, random);
  for (const [i, token] of vocabulary.tokens.entries()) data[i * shape.width] = biasOf(token, end) / NORMED_BIAS;
  return data;
}

const spacedWords = new Set(words.map((word) => `Ġ${word}`));

/** Words with a space before them read as a text; JSON's own characters have to be within reach of a grammar. */
function biasOf(token: string, end: string): number {
  if (token === end) return bias.end;
  if (token === '"') return bias.quote;
  if (spacedWords.has(token)) return bias.word;
  return /^["{}[\],:.0-9]+$/.test(token) ? bias.structure : bias.other;
}

/** Layers must not see the constant, … */
function withoutBias(width: number): Float32Array {
  const data = new Float32Array(width).fill(1);
  data[0] = 0;
  return data;
}

/** … nor add to it: the first output's row is zero. */
function keepingBias(matrix: Float32Array, inputs: number): Float32Array {
  return matrix.fill(0, 0, inputs);
}

function normal(length: number, deviation: number, random: () => number): Float32Array {
  const data = new Float32Array(length);
  // The sum of four uniform numbers is near enough to a normal one, and the same on every machine: Math.log need not be.
  for (let i = 0; i < length; i++) {
    data[i] = (random() + random() + random() + random() - 2) * Math.sqrt(3) * deviation;
  }
  return data;
}

/** mulberry32: integers only, so the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
