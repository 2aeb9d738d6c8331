/** The contract of a tool-call grammar: a family of models' way of writing calls into the text. One file a family. */
import type { JsonObject } from '../protocol/json.ts';

/** What can be called: input schemas by name. Undefined for tools that say none. */
export type Tools = ReadonlyMap<string, JsonObject | undefined>;

export interface ToolCall {
  readonly name: string;
  /** JSON text of an object. */
  readonly arguments: string;
}

/** `at` counts characters from the opener's end, over all pieces. */
export type Reading =
  /** The markup goes on in the next piece. */
  | { readonly state: 'more' }
  /** The markup ended just before `at`. */
  | { readonly state: 'calls'; readonly calls: readonly ToolCall[]; readonly at: number }
  /** It is no call of this family, and text up to `at`; from there on other markup may start. */
  | { readonly state: 'none'; readonly at: number };

/** Reads what follows an opener, each character once. Nothing is read after `calls` or `none`. */
export interface CallReader {
  read(piece: string): Reading;
  /** The answer ended inside of the markup: the calls that are there all the same, or none. */
  end(): readonly ToolCall[];
}

/**
 * Families may share an opener, and one's opener may start another's: all of them then read the same text, and the first
 * to find a call has it. So what follows the opener has to tell them apart, and a reader says `none` as soon as it knows.
 */
export interface Grammar {
  /** What the family's markup starts with. Text is held back only where it may become one of these. */
  readonly openers: readonly string[];
  /** Openers only where nothing but white space, or thinking, stands before them in the answer: a bare `{`, say. */
  readonly firstOpeners?: readonly string[];
  open(opener: string, tools: Tools): CallReader;
}
