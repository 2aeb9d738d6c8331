/** Granite: `[{"name": …, "arguments": {…}}, …]` behind `<|tool_call|>` (3.0) or `<tool_call>` (3.1 and later), up to the answer's end. */
import { readJsonCalls } from './json-calls.ts';
import type { Grammar } from './types.ts';

const opener = '<tool_call>';

export const granite: Grammar = {
  openers: ['<|tool_call|>', opener],
  open: (opened, _, calls) =>
    readJsonCalls(calls, { bracket: '[', ...(opened === opener && { closer: '</tool_call>' }) }),
};
