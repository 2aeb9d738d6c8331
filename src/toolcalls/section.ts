/** Calls each in a frame of tokens, and all of them in a section of its own: the form of DeepSeek and Kimi. */
import { createReader, type Input, oneOf, position, type Run, space } from './run.ts';
import type { Grammar, ToolCall } from './types.ts';

export interface SectionMarks {
  readonly sectionBegin: readonly string[];
  readonly sectionEnd: readonly string[];
  readonly callBegin: string;
  /** What may stand behind a call's arguments, in this order. */
  readonly callEnd: readonly string[];
}

/**
 * A family that writes so; models forget the section's tokens and the last of the others.
 * @param readCall reads what stands between `callBegin` and `callEnd`
 */
export function sectionGrammar(marks: SectionMarks, readCall: (input: Input) => Run<ToolCall | undefined>): Grammar {
  const { sectionBegin, sectionEnd, callBegin, callEnd } = marks;

  function* readCalls(input: Input, found: ToolCall[]): Run<number> {
    let end = 0;
    do {
      const call = yield* readCall(input);
      if (call === undefined) return end;
      found.push(call);
      yield* space(input);
      while (yield* oneOf(input, ...callEnd)) yield* space(input);
      end = position(input);
    } while (yield* oneOf(input, callBegin));
    yield* oneOf(input, ...sectionEnd);
    return position(input);
  }

  function* readSection(input: Input, found: ToolCall[]): Run<number> {
    yield* space(input);
    if (!(yield* oneOf(input, callBegin))) return position(input);
    return yield* readCalls(input, found);
  }

  return {
    openers: [...sectionBegin, callBegin],
    open: (opener) => createReader(opener === callBegin ? readCalls : readSection),
  };
}
