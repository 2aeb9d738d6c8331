/** Kimi K2: calls named by their id, `functions.NAME:INDEX`. Its section's tokens are also seen in the singular. */
import { namedCall } from './named-call.ts';
import { type Input, name, oneOf, type Run, space } from './run.ts';
import { sectionGrammar } from './section.ts';
import type { CallSink } from './types.ts';

export const kimi = sectionGrammar(
  {
    sectionBegin: ['<|tool_calls_section_begin|>', '<|tool_call_section_begin|>'],
    sectionEnd: ['<|tool_calls_section_end|>', '<|tool_call_section_end|>'],
    callBegin: '<|tool_call_begin|>',
    callEnd: ['<|tool_call_end|>'],
  },
  readCall,
);

function* readCall(input: Input, calls: CallSink): Run<boolean> {
  yield* space(input);
  const id = yield* name(input);
  yield* space(input);
  if (!(yield* oneOf(input, '<|tool_call_argument_begin|>'))) return false;
  yield* space(input);
  return yield* namedCall(input, id.replace(/^functions\./, '').replace(/:\d+$/, ''), calls);
}
