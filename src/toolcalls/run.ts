/**
 * Readers written as one straight run through their grammar: a generator that yields where the text has not come yet and
 * reads on when it has. What the parts below do not recognise they leave unread. Where the text has ended for good, they
 * return what there is.
 */
import { createJsonSpan } from '../protocol/json-span.ts';
import { createMarkers, type Markers } from '../protocol/markers.ts';
import { isSpace } from './space.ts';
import type { CallReader, Reading } from './types.ts';

/** Yields for more text. */
export type Run<T> = Generator<undefined, T, undefined>;

/** What has come, without what was read in earlier pieces. */
export interface Input {
  text: string;
  /** Where reading goes on in `text`. */
  index: number;
  /** Characters in front of `text`. */
  before: number;
  /** Nothing comes behind `text`. */
  ended: boolean;
}

export interface Running<T> {
  read(piece: string): void;
  end(): void;
  /** What the run returned, once it has. */
  readonly result: { readonly value: T } | undefined;
}

export function start<T>(run: (input: Input) => Run<T>): Running<T> {
  const input: Input = { text: '', index: 0, before: 0, ended: false };
  const running = run(input);
  // Runs to the first wait.
  let step = running.next();

  return {
    read(piece) {
      input.before += input.index;
      input.text = input.text.slice(input.index) + piece;
      input.index = 0;
      if (!step.done) step = running.next();
    },
    end() {
      input.ended = true;
      if (!step.done) step = running.next();
    },
    get result() {
      return step.done ? { value: step.value } : undefined;
    },
  };
}

/** @param run returns the position behind the markup, or where it turned out to be none */
export function createReader(run: (input: Input) => Run<number>): CallReader {
  const running = start(run);
  return {
    read(piece): Reading {
      running.read(piece);
      const { result } = running;
      return result ? { state: 'over', at: result.value } : { state: 'more' };
    },
    end() {
      running.end();
      return running.result?.value ?? 0;
    },
  };
}

/** Characters read since the beginning. */
export const position = (input: Input): number => input.before + input.index;

/** Whether the text ends here; waits until that is known. */
export function* atEnd(input: Input): Run<boolean> {
  while (input.index === input.text.length && !input.ended) yield;
  return input.index === input.text.length;
}

export function* space(input: Input): Run<string> {
  return yield* charactersOf(input, isSpace);
}

/** What can be written where a tool's name is expected; whether there is such a tool is not asked here. */
export function* name(input: Input): Run<string> {
  return yield* charactersOf(input, isNameCharacter);
}

/** Reads as many of them as there are. */
export function* charactersOf(input: Input, isOne: (character: string) => boolean): Run<string> {
  let read = '';
  for (;;) {
    let end = input.index;
    while (end < input.text.length && isOne(input.text.charAt(end))) end++;
    read += input.text.slice(input.index, end);
    input.index = end;
    if (end < input.text.length || input.ended) return read;
    yield;
  }
}

const isNameCharacter = (character: string) => /[\w.:-]/.test(character);

/** Reads the one of `literals` that stands here; none may be the start of another. */
export function* oneOf<T extends string>(input: Input, ...literals: readonly T[]): Run<T | undefined> {
  for (;;) {
    const hit = literals.find((literal) => input.text.startsWith(literal, input.index));
    if (hit !== undefined) {
      input.index += hit.length;
      return hit;
    }
    const rest = input.text.length - input.index;
    const mayCome = literals.some((literal) => rest < literal.length && input.text.endsWith(literal.slice(0, rest)));
    if (!mayCome || input.ended) return undefined;
    yield;
  }
}

/** Reads the closing tag that stands here, or the half of one that the text ends in. */
export function* closing<T extends string>(input: Input, ...tags: readonly T[]): Run<T | undefined> {
  const hit = yield* oneOf(input, ...tags);
  const rest = input.text.slice(input.index);
  if (hit !== undefined || !input.ended || rest === '') return hit;
  const half = tags.find((tag) => tag.startsWith(rest));
  if (half !== undefined) input.index = input.text.length;
  return half;
}

/** The one of the literals that comes next, not read. */
export function* ahead<T extends string>(input: Input, ...literals: readonly T[]): Run<T | undefined> {
  const hit = yield* oneOf(input, ...literals);
  input.index -= hit?.length ?? 0;
  return hit;
}

/** Reads past the next of `markers` and hands on the text before it. */
export function* until(input: Input, markers: Markers, say: (piece: string) => void): Run<void> {
  for (;;) {
    const rest = input.text.slice(input.index);
    const { cut, marker } = markers.scan(rest);
    const text = marker === undefined && input.ended ? rest : rest.slice(0, cut);
    if (text !== '') say(text);
    input.index += text.length + (marker?.length ?? 0);
    if (marker !== undefined || input.ended) return;
    yield;
  }
}

/** All that a run hands on, in one. */
export function* collected(run: (say: (piece: string) => void) => Run<unknown>): Run<string> {
  let text = '';
  yield* run((piece) => {
    text += piece;
  });
  return text;
}

/** What ends a call in some family: in a string that was never closed they are the end after all. */
const closers = createMarkers([
  '</tool_call>',
  '</function>',
  '</invoke>',
  '<|tool_call_end|>',
  '<｜tool▁call▁end｜>',
  '<|call|>',
  '<tool_call|>',
]);

/**
 * Reads on to the end of an object or array whose `start` was already read, and hands on its pieces as they come. False where
 * it breaks off.
 */
export function* restOfJson(input: Input, start: string, say: (piece: string) => void): Run<boolean> {
  const span = createJsonSpan();
  let { state } = span.read(start);
  while (state === 'open' && !(yield* atEnd(input))) {
    const line = lineOf(input.text, input.index);
    const { cut, marker } = span.astray ? closers.scan(line) : { cut: line.length, marker: undefined };
    if (marker !== undefined && cut === 0) return false;
    if (cut === 0 && !input.ended) {
      yield;
      continue;
    }
    const piece = line.slice(0, cut || line.length);
    const end = span.read(piece);
    state = end.state;
    if (end.at > 0) say(piece.slice(0, end.at));
    input.index += end.at;
  }
  return state === 'closed';
}

function lineOf(text: string, from: number): string {
  const end = text.indexOf('\n', from) + 1;
  return text.slice(from, end === 0 ? undefined : end);
}
