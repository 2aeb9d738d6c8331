import { isJsonObject, type Json } from '../../../src/protocol/json.ts';
import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts', limit: 5 } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

/** As Gemma's template writes values. */
function written(value: Json | undefined): string {
  if (typeof value === 'string') return `<|"|>${value}<|"|>`;
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (!isJsonObject(value)) return String(value);
  return `{${Object.entries(value).map(([key, item]) => `${key}:${written(item)}`)}}`;
}

export const gemma: readonly Sample[] = [
  ...samplesOf(
    (calls) => calls.map(({ name, input }) => `<|tool_call>call:${name}${written(input)}<tool_call|>`).join(''),
    // A string cannot hold its own delimiter.
  ).filter(({ name }) => name !== 'markup in a value'),
  { name: 'white space', text: '<|tool_call>\ncall:Read{ file_path : <|"|>/a.ts<|"|>, limit: 5 }\n', calls: [read] },
  { name: 'quoted keys', text: '<|tool_call>call:Read{<|"|>file_path<|"|>:<|"|>/a.ts<|"|>,limit:5}', calls: [read] },
  { name: 'no closer between', text: '<|tool_call>call:TaskList{}<|tool_call>call:TaskList{}', calls: [tasks, tasks] },
  { name: 'Python', text: 'call:Read(file_path="/a.ts", limit=5)', calls: [read] },
  { name: 'a fence', text: "```tool_code\nRead(file_path='/a.ts', limit=5)\n```", calls: [read] },
  {
    name: 'a fence with two calls',
    text: 'So:\n```tool_code\nTaskList()\nRead(file_path="/a.ts", limit=5)\n```\nDone.',
    calls: [tasks, read],
    rest: 'So:Done.',
  },
  { name: 'an assignment', text: 'tool_code = TaskList()', calls: [tasks] },
  {
    name: 'Python values',
    text: `call:mcp__db__query(sql='a "b" \\'c\\' \\x41\\u00e9\\n\\d', params={"a": [True, None, -1.5], 'b': ""}, rows=[[], {},])`,
    calls: [
      {
        name: 'mcp__db__query',
        input: { sql: 'a "b" \'c\' Aé\n\\d', params: { a: [true, null, -1.5], b: '' }, rows: [[], {}] },
      },
    ],
  },
  {
    name: 'a long Python string',
    text: '```tool_code\nWrite(content="""a "b" ""\n\\"""c""", file_path="")\n```',
    calls: [{ name: 'Write', input: { content: 'a "b" ""\n"""c', file_path: '' } }],
  },
  {
    name: 'a value without delimiters',
    text: '<|tool_call>call:Read{file_path:/a.ts,limit:5}<tool_call|>',
    calls: [read],
  },
  {
    name: 'nested without end',
    text: `<|tool_call>call:Read{a:${'['.repeat(200)}`,
    invalid: ['Read'],
    rest: '['.repeat(99),
  },
  text('an unknown tool in Python', 'call:get_weather(city="Rome")'),
  text('computed arguments', '```tool_code\nRead(file_path=path("a"))\n```'),
  text('other code', '```tool_code\nx = 1\nTaskList()\n```'),
  text('in prose', 'A recall: <|tool_call>, call:NAME, tool_code = nothing and call: Read (it).'),
  { name: 'truncated Python', text: 'call:Read(file_path="/a', cutOff: true },
];
