import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

const list = (...calls: readonly Call[]) =>
  JSON.stringify(calls.map(({ name, input }) => ({ name, arguments: input })));

export const xlam: readonly Sample[] = [
  // Nothing else stands in the answer of such a call.
  ...samplesOf((calls) => list(...calls)).filter(({ name, rest }) => rest === undefined && name !== 'in thinking'),
  {
    name: 'white space',
    text: '\n[\n  {\n    "name": "Read", "arguments": {"file_path": "/a.ts"}\n  }\n]\n',
    calls: [read],
  },
  { name: 'arguments first', text: '[{"arguments": {}, "name": "TaskList"}]', calls: [tasks] },
  { name: 'a fence', text: `\`\`\`json\n${list(read, tasks)}\n\`\`\`\n`, calls: [read, tasks] },
  { name: 'a fence without end', text: `\`\`\`json\n${list(read)}`, calls: [read] },
  { name: 'after thinking', text: `<think>hm</think>\n\n${list(read)}`, calls: [read], thinking: 'hm' },
  { name: 'behind the token of Mistral', text: `[TOOL_CALLS]${list(read)}`, calls: [read] },
  text('an unknown tool', '[{"name": "get_weather", "arguments": {"city": "Rome"}}]'),
  text('a fence with text behind', `\`\`\`json\n${list(tasks)}\n\`\`\`\nis how to call it.`),
  text('text before', `Say ${list(tasks)}`),
  text('an answer in JSON', '[{"name": "Rome", "size": 3}, {"name": "Oslo"}]'),
  text('another answer in JSON', '```json\n{"name": "TaskList", "arguments": {}}\n```'),
  text('numbers', '[[1, 2], {"a": 3}]'),
  text('nothing', '[]'),
  { name: 'malformed', text: '[{"name": "Read", "arguments": {"file_path": }}]', invalid: ['Read'] },
  {
    name: 'an answer in JSON, truncated',
    text: '[{"name": "Rome", "si',
    rest: '[{"name": "Rome", "si',
    cutOff: true,
  },
  { name: 'truncated', text: '[{"name": "TaskList", "arguments": {}}, {"na', cutOff: true },
];
