import type { Sample } from './sample.ts';
import { type Call, samplesOf } from './samples-of.ts';

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const tasks: Call = { name: 'TaskList', input: {} };
const text = (name: string, text: string): Sample => ({ name, text, rest: text });

const section = (calls: string) => `<|tool_calls_section_begin|>${calls}<|tool_calls_section_end|>`;
const written = (id: string, { input }: Call) =>
  `<|tool_call_begin|>${id}<|tool_call_argument_begin|>${JSON.stringify(input)}<|tool_call_end|>`;

export const kimi: readonly Sample[] = [
  ...samplesOf((calls) =>
    section(calls.map((call, index) => written(`functions.${call.name}:${index}`, call)).join('')),
  ),
  {
    name: 'a section in the singular',
    text: `<|tool_call_section_begin|>${written('functions.Read:0', read)}<|tool_call_section_end|>`,
    calls: [read],
  },
  { name: 'no section', text: written('functions.Read:12', read), calls: [read] },
  { name: 'the name alone', text: section(written('TaskList', tasks)), calls: [tasks] },
  {
    name: 'white space and no closers',
    text: '<|tool_calls_section_begin|>\n<|tool_call_begin|> functions.TaskList:0 <|tool_call_argument_begin|> {} ',
    calls: [tasks],
  },
  { name: 'malformed', text: section(written('functions.Read:0', read).replace('"/a.ts"', '')), invalid: ['Read'] },
  text('no id', section(written('', read))),
  text('in prose', 'It says `<|tool_calls_section_begin|>`, then `<|tool_call_begin|>`.'),
  {
    name: 'truncated in the second call',
    text: `So:${section(written('functions.Read:0', read) + written('functions.Read:1', read)).slice(0, -60)}`,
    rest: 'So:',
    calls: [read],
    cutOff: true,
  },
];
