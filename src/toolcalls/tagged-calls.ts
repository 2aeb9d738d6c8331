/** Calls as a tag a function with a tag a parameter in it, values as bare text: the form of Qwen's coders and MiniMax. */
import { type BareArguments, bareArguments } from './bare-arguments.ts';
import { namedCall } from './named-call.ts';
import {
  ahead,
  atEnd,
  charactersOf,
  closing,
  createReader,
  type Input,
  name,
  oneOf,
  position,
  type Run,
  space,
} from './run.ts';
import { valueReader } from './tagged-value.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

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
  const { wrapper, wrapperEnd, call, callEnd, parameter, parameterEnd, nameEnd, ownLines } = tags;
  const readValue = valueReader(parameterEnd, [parameter, call, callEnd, wrapperEnd]);
  const isKey = (character: string) => character !== '<' && !nameEnd.startsWith(character);

  function* readParameters(input: Input, written: BareArguments): Run<void> {
    while (yield* oneOf(input, parameter)) {
      written.key(yield* charactersOf(input, isKey));
      yield* oneOf(input, nameEnd);
      yield* readValue(input, written.text);
      yield* space(input);
    }
    written.end();
  }

  /** Reads on behind the start of a call's tag and leaves the call open; false where it is none. */
  function* readCall(input: Input, tools: Tools, calls: CallSink): Run<boolean> {
    const called = yield* name(input);
    if (called === '' || !(yield* oneOf(input, nameEnd))) return false;
    yield* space(input);
    const next = yield* ahead(input, parameter, parameterEnd, callEnd, wrapperEnd, '{');
    if (next === undefined && !(yield* atEnd(input))) return false;
    if (next === '{') return yield* namedCall(input, called, calls);
    calls.start(called);
    yield* readParameters(input, bareArguments(calls, tools.find(called), ownLines));
    return true;
  }

  function* readCalls(input: Input, tools: Tools, calls: CallSink): Run<number> {
    let end = 0;
    do {
      if (!(yield* readCall(input, tools, calls))) return end;
      yield* space(input);
      // Either may stand alone where the other was forgotten.
      if (yield* closing(input, parameterEnd)) yield* space(input);
      if (yield* closing(input, callEnd)) yield* space(input);
      calls.end();
      end = position(input);
    } while (yield* oneOf(input, call));
    yield* closing(input, wrapperEnd);
    return position(input);
  }

  function* readWrapped(input: Input, tools: Tools, calls: CallSink): Run<number> {
    yield* space(input);
    return (yield* oneOf(input, call)) ? yield* readCalls(input, tools, calls) : position(input);
  }

  return {
    openers: [wrapper, call],
    open: (opener, tools, calls) =>
      createReader((input) => (opener === wrapper ? readWrapped(input, tools, calls) : readCalls(input, tools, calls))),
  };
}
