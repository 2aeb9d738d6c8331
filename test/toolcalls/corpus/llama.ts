import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

export const llama: readonly Sample[] = [
  ...samplesOf(
    (calls) =>
      `<|python_tag|>${calls.map(({ name, input }) => JSON.stringify({ name, parameters: input })).join('; ')}`,
  ),
  {
    name: 'a broken second call',
    text: '<|python_tag|>{"name": "TaskList"}; {"name": Read}',
    calls: [tasks],
    rest: '; {"name": Read}',
  },
  { name: 'bare', text: '{"name": "Read", "parameters": {"file_path": "/a.ts"}}', calls: [read] },
  {
    name: 'bare, with a type and white space',
    text: '\n{\n  "type": "function",\n  "name": "Read",\n  "parameters": {"file_path": "/a.ts"}\n}\n',
    calls: [read],
  },
  {
    name: 'bare, two calls',
    text: '{"name": "Read", "parameters": {"file_path": "/a.ts"}};{"name": "TaskList", "parameters": {}}',
    calls: [read, tasks],
  },
  {
    name: 'bare after thinking',
    text: '<think>hm</think>\n{"name": "TaskList", "parameters": {}}',
    calls: [tasks],
    thinking: 'hm',
  },
  text('bare, with text behind', '{"name": "TaskList", "parameters": {}} is how to call it.'),
  text('bare, with text before', 'Say {"name": "TaskList", "parameters": {}}'),
  text('an answer in JSON', '{"name": "Rome", "size": 3}'),
  text('another answer in JSON', '{"city": "Rome", "name": "TaskList"}'),
  text('code of its own', '<|python_tag|>print("a")'),
  { name: 'malformed', text: '<|python_tag|>{"name": "Read", "parameters": {"file_path": }}', invalid: ['Read'] },
  text('in prose', 'Llama writes `<|python_tag|>` before a call; then {"name": "TaskList"}'),
  {
    name: 'an answer in JSON, truncated',
    text: '{"name": "Rome", "si',
    rest: '{"name": "Rome", "si',
    cutOff: true,
  },
  { name: 'bare, truncated', text: '{"name": "Write", "parameters": {"content": "a', cutOff: true },
];
