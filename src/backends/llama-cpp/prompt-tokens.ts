/** Prompts as tokens, each tokenized once: the count comes before the generation, and turn n + 1 repeats turn n. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Token } from 'node-llama-cpp';
import type { Prompt } from '../../prompt/types.ts';
import { begunAnswer, type Render } from './render.ts';

/** Tokens kept; eight bytes each. */
const MOST_TOKENS = 1_000_000;

export interface TokenizedPrompt {
  readonly tokens: readonly Token[];
  /** The beginning of the answer that the template wrote, see begunAnswer. */
  readonly begun: string;
}

export interface Tokenizer {
  tokenize(text: string): Token[];
  /** Stands before every prompt, whatever the template says. */
  readonly first: readonly Token[];
  /**
   * Text of a special token that the tokenizer always cuts at, so that the pieces between can be tokenized alone;
   * undefined where the pieces of this tokenizer depend on their neighbours.
   */
  readonly border: string | undefined;
}

export function createPromptTokens(tokenizer: Tokenizer, render: Render): (prompt: Prompt) => TokenizedPrompt {
  const whole = new WeakMap<Prompt, TokenizedPrompt>();
  // Tokenizing 76 kB takes some 18 ms, for which every stream would stand still: only what is new is tokenized.
  const pieces = new LRUCache<string, readonly Token[]>({
    maxSize: MOST_TOKENS,
    sizeCalculation: (tokens) => tokens.length + 1,
  });
  return (prompt) => {
    const known = whole.get(prompt);
    if (known) return known;
    const text = render(prompt);
    const tokens = [...tokenizer.first, ...pieceTexts(text, tokenizer.border).flatMap(pieceTokens)];
    const tokenized = { tokens, begun: begunAnswer(text) };
    whole.set(prompt, tokenized);
    return tokenized;
  };

  function pieceTokens(text: string): readonly Token[] {
    const key = hash('sha256', text, 'base64');
    const known = pieces.get(key);
    if (known) return known;
    const tokens = tokenizer.tokenize(text);
    pieces.set(key, tokens);
    return tokens;
  }
}

/** Cuts before each border, so that every piece but the first begins with one. */
export function pieceTexts(text: string, border: string | undefined): string[] {
  if (!border) return [text];
  return text.split(border).map((piece, i) => (i === 0 ? piece : border + piece));
}
