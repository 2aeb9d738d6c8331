import type { Sample } from './sample.ts';
import type { Call } from './samples-of.ts';
import { bare, taggedSamples } from './tagged.ts';

export const render = (calls: readonly Call[]) =>
  calls
    .map(
      ({ name, input }) =>
        `<tool_call>${name}\n${Object.entries(input)
          .map(([key, value]) => `<arg_key>${key}</arg_key>\n<arg_value>${bare(value)}</arg_value>\n`)
          .join('')}</tool_call>`,
    )
    .join('\n');

const read: Call = { name: 'Read', input: { file_path: '/a.ts', limit: 5 } };
const writing = (content: string): Call => ({ name: 'Write', input: { content } });
const open = '<tool_call>Read\n<arg_key>file_path</arg_key>\n<arg_value>/a.ts</arg_value>\n';

export const glm: readonly Sample[] = [
  ...taggedSamples(render),
  {
    name: 'on one line',
    text: '<tool_call>Read<arg_key>file_path</arg_key><arg_value>/a.ts</arg_value><arg_key>limit</arg_key><arg_value>5</arg_value></tool_call>',
    calls: [read],
  },
  { name: 'nothing but a name', text: '<tool_call>TaskList</tool_call>', calls: [{ name: 'TaskList', input: {} }] },
  { name: 'no closer', text: open, calls: [{ name: 'Read', input: { file_path: '/a.ts' } }] },
  {
    name: 'tags and blank lines in a value',
    text: render([writing('\n</arg_value>, </tool_call> <arg_key>\n')]),
    calls: [writing('\n</arg_value>, </tool_call> <arg_key>\n')],
  },
  { name: 'no closer of a value', text: `${open}<arg_key>limit</arg_key>\n<arg_value>5</tool_call>`, calls: [read] },
  { name: 'no closer at all', text: `${open}<arg_key>limit</arg_key>\n<arg_value>5`, calls: [read] },
  { name: 'half a key', text: `${open}<arg_key>lim`, calls: [{ name: 'Read', input: { file_path: '/a.ts' } }] },
  {
    name: 'malformed',
    text: '<tool_call>Read\n<arg_key>file_path</arg_key>\n/a.ts\n</tool_call>',
    calls: [{ name: 'Read', input: { file_path: '/a.ts' } }],
  },
  { name: 'in prose', text: 'After <tool_call>Read comes a key.', rest: 'After <tool_call>Read comes a key.' },
];
