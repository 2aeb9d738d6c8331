/** Where in a prompt's tokens the part ends that all conversations with its system text and tools have in common. */
import { LRUCache } from 'lru-cache';
import type { Token } from 'node-llama-cpp';
import type { Prompt } from '../../prompt/types.ts';

/**
 * No template says where the prefix ends, so user texts that begin differently are rendered behind it. Tokenizers may join a
 * text's first character with what stands before it; so they begin as real ones do (Claude Code's with `<system-reminder>`),
 * and the prefix ends before all that can be joined.
 */
const PROBES = ['<a', 'Word', '\n#'];
/**
 * A prefix shorter than this counts as none. A thousand tokens are restored from disk in 1 ms and prefilled in 21 ms on the demo
 * model, in 0.2 s and 6 s on one with a hundred times its state: no length is too short to pay. But a thousand tokens are what
 * a person does not wait for on an engine fast enough to be used, and what is shorter is titles and summaries, which come once,
 * in many variants, and would push out what is worth keeping.
 */
const LEAST_TOKENS = 1_024;
/** Prefixes whose probes are kept; eight bytes a token. */
const MOST_PROBES = 16;

/** @returns the number of tokens of the prefix, always less than all; 0 where they are too few to matter */
export function createPrefixBoundary(tokensOf: (prompt: Prompt) => readonly Token[]): (prompt: Prompt) => number {
  const probes = new LRUCache<string, readonly Token[]>({ max: MOST_PROBES });

  return (prompt) => {
    const { length } = commonPart(tokensOf(prompt).slice(0, -1), probed(prompt));
    return length < LEAST_TOKENS ? 0 : length;
  };

  function probed(prompt: Prompt): readonly Token[] {
    // Some templates write what the settings say into the system text.
    const key = JSON.stringify([prompt.prefixKey, prompt.settings]);
    const known = probes.get(key);
    if (known) return known;
    const common = PROBES.map((text) => tokensOf(withUserText(prompt, text))).reduce(commonPart);
    probes.set(key, common);
    return common;
  }
}

function withUserText(prompt: Prompt, text: string): Prompt {
  return { ...prompt, turns: [{ role: 'user', content: [{ type: 'text', text }] }] };
}

function commonPart(a: readonly Token[], b: readonly Token[]): readonly Token[] {
  const different = a.findIndex((token, index) => token !== b[index]);
  return different < 0 ? a : a.slice(0, different);
}
