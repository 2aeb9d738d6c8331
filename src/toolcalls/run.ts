/**
 * Call readers written as one straight run through their grammar: a generator that yields where the text has not come yet
 * and reads on when it has. What the parts below do not recognise they leave unread.
 */
import { createJsonSpan } from '../protocol/json-span.ts';
import type { Markers } from '../protocol/markers.ts';
import { isSpace } from './space.ts';
import type { CallReader, Reading, ToolCall } from './types.ts';

/** Yields for more text. */
export type Run<T> = Generator<undefined, T, undefined>;

/** What has come after the opener, without what was read in earlier pieces. */
export interface Input {
  text: string;
  /** Where reading goes on in `text`. */
  index: number;
  /** Characters in front of `text`. */
  before: number;
}

/**
 * @param run collects complete calls in `found`, which is also what there is if the answer ends, and returns the position
 * behind the markup of the last of them
 */
export function createReader(run: (input: Input, found: ToolCall[]) => Run<number>): CallReader {
  const input: Input = { text: '', index: 0, before: 0 };
  const found: ToolCall[] = [];
  const running = run(input, found);
  // Runs to the first wait.
  let step = running.next();

  const reading = (): Reading => {
    if (!step.done) return { state: 'more' };
    if (found.length === 0) return { state: 'none', at: position(input) };
    return { state: 'calls', calls: found, at: step.value };
  };

  return {
    read(piece) {
      input.before += input.index;
      input.text = input.text.slice(input.index) + piece;
      input.index = 0;
      step = running.next();
      return reading();
    },
    end: () => found,
  };
}

/** Characters read since the opener. */
export const position = (input: Input): number => input.before + input.index;

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
    if (end < input.text.length) return read;
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
    if (!mayCome) return undefined;
    yield;
  }
}

/** Reads past the next of `markers` and returns the text before it. */
export function* until(input: Input, markers: Markers): Run<string> {
  let read = '';
  for (;;) {
    const rest = input.text.slice(input.index);
    const { cut, marker } = markers.scan(rest);
    read += rest.slice(0, cut);
    input.index += cut + (marker?.length ?? 0);
    if (marker !== undefined) return read;
    yield;
  }
}

/** Reads from an opening bracket to its closing one and returns it all, not parsed. */
export function* jsonText(input: Input, ...brackets: readonly ('{' | '[')[]): Run<string | undefined> {
  const start = yield* oneOf(input, ...brackets);
  return start && (yield* restOfJson(input, start));
}

/** Reads on to the end of an object or array whose `start` was already read; undefined where it breaks off. */
export function* restOfJson(input: Input, start: string): Run<string | undefined> {
  const span = createJsonSpan();
  let json = start;
  let end = span.read(start, 0);
  while (end.state === 'open') {
    if (input.index === input.text.length) yield;
    end = span.read(input.text, input.index);
    json += input.text.slice(input.index, end.at);
    input.index = end.at;
  }
  return end.state === 'closed' ? json : undefined;
}
