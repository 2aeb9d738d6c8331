/**
 * What a snapshot's state depends on. llama.cpp compares shapes alone when it loads a state: one made by other weights of the
 * same shape is taken without a word, and the answers are wrong. So everything that shapes the numbers is in the file's name.
 */
import { hash } from 'node:crypto';
import type { LlamaContext, Token } from 'node-llama-cpp';

export interface StateOrigin {
  /** Of the model's whole content. */
  readonly modelDigest: string;
  /** Version of node-llama-cpp, and the release of llama.cpp inside it: the format is internal to them. */
  readonly module: string;
  readonly release: string;
  /** What computes: other devices round differently. */
  readonly device: string;
  /** Sequences of the context: a state loads only among as many. */
  readonly slots: number;
  readonly flashAttention: boolean | 'auto';
  readonly keyType: LlamaContext['kvCacheKeyType'];
  readonly valueType: LlamaContext['kvCacheValueType'];
}

/** Hash of the origin and of the tokens whose state it is: 64 hex digits. */
export function snapshotKey(origin: StateOrigin, tokens: readonly Token[]): string {
  const text = Buffer.from(JSON.stringify(origin));
  return hash('sha256', Buffer.concat([text, Buffer.from(Uint32Array.from(tokens).buffer)]));
}
