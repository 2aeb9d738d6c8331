/** Kimi K2: calls named by their id, `functions.NAME:INDEX`. Its section's tokens are also seen in the singular. */
import { namedCall } from './named-call.ts';
import { type Input, jsonText, name, oneOf, type Run, space } from './run.ts';
import { sectionGrammar } from './section.ts';
import type { ToolCall } from './types.ts';

export const kimi = sectionGrammar(
  {
    sectionBegin: ['<|tool_calls_section_begin|>', '<|tool_call_section_begin|>'],
    sectionEnd: ['<|tool_calls_section_end|>', '<|tool_call_section_end|>'],
    callBegin: '<|tool_call_begin|>',
    callEnd: ['<|tool_call_end|>'],
  },
  readCall,
);

function* readCall(input: Input): Run<ToolCall | undefined> {
  yield* space(input);
  const id = yield* name(input);
  yield* space(input);
  if (!(yield* oneOf(input, '<|tool_call_argument_begin|>'))) return undefined;
  yield* space(input);
  return namedCall(id.replace(/^functions\./, '').replace(/:\d+$/, ''), yield* jsonText(input, '{'));
}
