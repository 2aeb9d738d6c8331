/** Calls as a tag a function with a tag a parameter in it, values as bare text: the form of Qwen's coders and MiniMax. */
import { createMarkers } from '../protocol/markers.ts';
import { ahead, completed } from './completed.ts';
import { namedCall } from './named-call.ts';
import { createReader, type Input, jsonText, name, oneOf, position, type Run, space, until } from './run.ts';
import { type RawArguments, typedCall } from './typed-call.ts';
import type { CallReader, Grammar, ToolCall, Tools } from './types.ts';

export interface Tags {
  readonly wrapper: string;
  readonly wrapperEnd: string;
  /** Up to the name. */
  readonly call: string;
  readonly callEnd: string;
  readonly parameter: string;
  readonly parameterEnd: string;
  /** What follows a name. */
  readonly nameEnd: string;
  /** Whether a value is written on lines of its own, so that one line break at either end is not part of it. */
  readonly ownLines: boolean;
}

/** The wrapper may be missing, and so may the closing tag of anything when the next tag or the answer's end comes. */
export function taggedGrammar(tags: Tags): Grammar {
  return { openers: [tags.wrapper, tags.call], open: (opener, tools) => readTagged(tags, opener, tools) };
}

function readTagged(tags: Tags, opener: string, tools: Tools): CallReader {
  const { wrapper, wrapperEnd, call, callEnd, parameter, parameterEnd, nameEnd, ownLines } = tags;
  const valueEnds = createMarkers([parameterEnd, parameter, callEnd, wrapperEnd]);
  const nameEnds = createMarkers([nameEnd]);
  /** What would complete the call that is being read. */
  let missing = '';

  /** Whether the value's closing tag is one, and not what the value speaks of: then another tag comes behind it. */
  function* closes(input: Input): Run<{ closed: boolean; gap: string }> {
    missing = callEnd + wrapperEnd;
    const gap = yield* space(input);
    const closed = (yield* ahead(input, parameter, callEnd, call, wrapperEnd)) !== undefined;
    return { closed, gap };
  }

  function* value(input: Input): Run<string> {
    let text = '';
    let firstLine = true;
    let lineStart = false;
    for (;;) {
      missing = parameterEnd + callEnd + wrapperEnd;
      const { cut, marker } = valueEnds.scan(input.text.slice(input.index));
      const part = input.text.slice(input.index, input.index + cut);
      input.index += cut;
      text += part;
      firstLine &&= !part.includes('\n');
      if (part !== '') lineStart = part.endsWith('\n');
      if (marker === undefined) {
        yield;
        continue;
      }
      // Another tag closes the value too, but one in the midst of a line of code is code.
      if (marker !== parameterEnd && (firstLine || lineStart)) return text;
      input.index += marker.length;
      const { closed, gap } = marker === parameterEnd ? yield* closes(input) : { closed: false, gap: '' };
      if (closed) return text;
      text += marker + gap;
      firstLine &&= !gap.includes('\n');
      lineStart = gap.endsWith('\n');
    }
  }

  function* parameters(input: Input): Run<RawArguments> {
    const raw: [string, string][] = [];
    while (yield* oneOf(input, parameter)) {
      missing = '';
      const key = yield* until(input, nameEnds);
      const text = yield* value(input);
      raw.push([key, ownLines ? withoutEdges(text) : text]);
      missing = callEnd + wrapperEnd;
    }
    return raw;
  }

  /** Reads on behind the start of a call's tag. */
  function* oneCall(input: Input): Run<ToolCall | undefined> {
    missing = '';
    const called = yield* name(input);
    if (!tools.has(called) || !(yield* oneOf(input, nameEnd))) return undefined;
    missing = callEnd + wrapperEnd;
    yield* space(input);
    const next = yield* ahead(input, parameter, callEnd, wrapperEnd, '{');
    if (next === undefined) return undefined;
    if (next !== '{') return typedCall(called, yield* parameters(input), tools);
    missing = '';
    return namedCall(called, yield* jsonText(input, '{'));
  }

  function* calls(input: Input, found: ToolCall[]): Run<number> {
    let end = 0;
    do {
      const one = yield* oneCall(input);
      if (one === undefined) return end;
      found.push(one);
      missing = '';
      yield* space(input);
      if (yield* oneOf(input, callEnd)) yield* space(input);
      end = position(input);
    } while (yield* oneOf(input, call));
    yield* oneOf(input, wrapperEnd);
    return position(input);
  }

  function* wrapped(input: Input, found: ToolCall[]): Run<number> {
    yield* space(input);
    return (yield* oneOf(input, call)) ? yield* calls(input, found) : position(input);
  }

  return completed(createReader(opener === wrapper ? wrapped : calls), () => missing);
}

function withoutEdges(text: string): string {
  return text.slice(text.startsWith('\n') ? 1 : 0, text.length > 1 && text.endsWith('\n') ? -1 : undefined);
}
