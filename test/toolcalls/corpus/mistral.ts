import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

export const mistral: readonly Sample[] = [
  ...samplesOf((calls) => `[TOOL_CALLS]${calls.map(({ name, input }) => name + JSON.stringify(input)).join('')}`),
  {
    name: 'an array',
    text: '[TOOL_CALLS] [{"name": "Read", "arguments": {"file_path": "/a.ts"}}, {"name": "TaskList", "arguments": {}}]',
    calls: [read, tasks],
  },
  { name: 'with [ARGS]', text: '[TOOL_CALLS]Read[ARGS]{"file_path": "/a.ts"}', calls: [read] },
  {
    name: 'the opener before each call',
    text: '[TOOL_CALLS]Read[ARGS]{"file_path": "/a.ts"}[TOOL_CALLS]TaskList[ARGS]{}',
    calls: [read, tasks],
  },
  { name: 'with a call id', text: '[TOOL_CALLS]TaskList[CALL_ID]abc123def[ARGS]{}', calls: [tasks] },
  {
    name: 'a word behind a call',
    text: '[TOOL_CALLS]TaskList{} done {or} not',
    calls: [tasks],
    rest: 'done {or} not',
  },
  {
    name: 'a broken second call',
    text: '[TOOL_CALLS]TaskList[ARGS]{}[TOOL_CALLS]Read[ARGS]{"file_path": }',
    calls: [tasks],
    invalid: ['Read'],
  },
  { name: 'malformed', text: '[TOOL_CALLS]Read{"file_path": }', invalid: ['Read'] },
  { name: 'a malformed array', text: '[TOOL_CALLS] [{"name": "Read", "arguments": 5}]', invalid: ['Read'] },
  text('in prose', 'The token `[TOOL_CALLS]` comes first, then [ARGS].'),
  { name: 'a truncated array', text: '[TOOL_CALLS] [{"name": "TaskList"}, {"na', calls: [tasks], cutOff: true },
];
