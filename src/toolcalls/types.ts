/** The contract of a tool-call grammar: a family of models' way of writing calls into the text. One file a family. */
import type { Tools } from './tool-set.ts';

/** Takes calls as they are read, one after the other, each piece as soon as it is certain. */
export interface CallSink {
  /** @param name as it is written */
  start(name: string): void;
  /** More of the arguments: JSON as it is written. */
  arguments(json: string): void;
  end(): void;
}

export type Reading =
  /** The markup goes on in the next piece. */
  | { readonly state: 'more' }
  /**
   * The markup ended just before `at`, or it is no call of this family and text up to `at`. Counted in characters from the
   * opener's end, over all pieces.
   */
  | { readonly state: 'over'; readonly at: number };

/** Reads what follows an opener, each character once. Nothing is read after `over`. */
export interface CallReader {
  read(piece: string): Reading;
  /** The answer ended inside of the markup: tells the calls that are there all the same. Returns what `at` would be. */
  end(): number;
}

/**
 * Families may share an opener, and one's opener may start another's: all of them then read the same text, and the first
 * to start a call of a known tool has it. So a reader starts a call when it is certain that it is one of its family, and
 * ends it when it is certain that it was one.
 */
export interface Grammar {
  /** What the family's markup starts with. Text is held back only where it may become one of these. */
  readonly openers: readonly string[];
  /** Openers only where nothing but white space, or thinking, stands before them in the answer: a bare `{`, say. */
  readonly firstOpeners?: readonly string[];
  open(opener: string, tools: Tools, calls: CallSink): CallReader;
}
