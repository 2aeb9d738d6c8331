/** Calls each in a frame of tokens, and all of them in a section of its own: the form of DeepSeek and Kimi. */
import { closing, createReader, type Input, oneOf, position, type Run, space } from './run.ts';
import type { CallSink, Grammar } from './types.ts';

export interface SectionMarks {
  readonly sectionBegin: readonly string[];
  readonly sectionEnd: readonly string[];
  readonly callBegin: string;
  /** What may stand behind a call's arguments, in this order. */
  readonly callEnd: readonly string[];
}

/**
 * A family that writes so; models forget the section's tokens and the last of the others.
 * @param readCall reads what stands between `callBegin` and `callEnd` and leaves the call open; false where it is none
 */
export function sectionGrammar(
  marks: SectionMarks,
  readCall: (input: Input, calls: CallSink) => Run<boolean>,
): Grammar {
  const { sectionBegin, sectionEnd, callBegin, callEnd } = marks;

  function* readCalls(input: Input, calls: CallSink): Run<number> {
    let end = 0;
    do {
      if (!(yield* readCall(input, calls))) return end;
      calls.end();
      yield* space(input);
      while (yield* closing(input, ...callEnd)) yield* space(input);
      end = position(input);
    } while (yield* oneOf(input, callBegin));
    yield* closing(input, ...sectionEnd);
    return position(input);
  }

  function* readSection(input: Input, calls: CallSink): Run<number> {
    yield* space(input);
    return (yield* oneOf(input, callBegin)) ? yield* readCalls(input, calls) : position(input);
  }

  return {
    openers: [...sectionBegin, callBegin],
    open: (opener, _, calls) =>
      createReader((input) => (opener === callBegin ? readCalls(input, calls) : readSection(input, calls))),
  };
}
