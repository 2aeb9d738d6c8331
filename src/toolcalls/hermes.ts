/** Hermes, also Qwen 2.5 and 3: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. */
import { readJsonCalls } from './json-calls.ts';
import type { Grammar } from './types.ts';

export const hermes: Grammar = {
  openers: ['<tool_call>'],
  open: (_, __, calls) => readJsonCalls(calls, { bracket: '{', closer: '</tool_call>' }),
};
