import type { Sample } from './sample.ts';
import type { Call } from './samples-of.ts';
import { bare, taggedSamples } from './tagged.ts';

const functionTag = ({ name, input }: Call) =>
  `<function=${name}>\n${Object.entries(input)
    .map(([key, value]) => `<parameter=${key}>\n${bare(value)}\n</parameter>\n`)
    .join('')}</function>`;
export const render = (calls: readonly Call[]) =>
  calls.map((call) => `<tool_call>\n${functionTag(call)}\n</tool_call>`).join('\n');

const read: Call = { name: 'Read', input: { file_path: '/a.ts' } };
const list: Call = { name: 'TaskList', input: {} };
const bash = (input: JsonInput): Call => ({ name: 'Bash', input });
type JsonInput = Call['input'];
const writing = (content: string): Call => ({ name: 'Write', input: { content } });
const unknown = functionTag({ name: 'get_weather', input: { city: 'Rome' } });

export const qwenXml: readonly Sample[] = [
  ...taggedSamples(render),
  ...taggedSamples((calls) => calls.map(functionTag).join('\n')).map((sample) => ({
    ...sample,
    name: `bare: ${sample.name}`,
  })),
  {
    name: 'two functions in a wrapper',
    text: `<tool_call>\n${functionTag(read)}\n${functionTag(list)}\n</tool_call>`,
    calls: [read, list],
  },
  { name: 'only the wrapper is closed', text: `${functionTag(read)}\n</tool_call>`, calls: [read] },
  {
    name: 'on one line',
    text: '<tool_call><function=Read><parameter=file_path>/a.ts</parameter></function></tool_call>',
    calls: [read],
  },
  {
    name: 'no parameter closer',
    text: '<tool_call>\n<function=Bash>\n<parameter=command>\nls\n<parameter=timeout>\n5\n</function>\n</tool_call>',
    calls: [bash({ command: 'ls', timeout: 5 })],
  },
  {
    name: 'no parameter closer, on one line',
    text: '<function=Bash><parameter=command>ls<parameter=timeout>5</function> Good.',
    calls: [bash({ command: 'ls', timeout: 5 })],
    rest: 'Good.',
  },
  {
    name: 'no function closer',
    text: `<tool_call>\n<function=Read>\n<parameter=file_path>\n/a.ts\n</parameter>\n</tool_call>\n${render([list])}`,
    calls: [read, list],
  },
  { name: 'no closer at all', text: '<tool_call>\n<function=Read>\n<parameter=file_path>\n/a.ts', calls: [read] },
  {
    name: 'no closer behind a parameter',
    text: '<function=Read>\n<parameter=file_path>\n/a.ts\n</parameter>\n',
    calls: [read],
  },
  { name: 'no closer of nothing', text: '<tool_call><function=TaskList></tool_call>', calls: [list] },
  {
    name: 'tags in a value',
    text: render([writing('a = "</function>" + `</parameter>` // <parameter=x> \n\tb("</function></tool_call>")')]),
    calls: [writing('a = "</function>" + `</parameter>` // <parameter=x> \n\tb("</function></tool_call>")')],
  },
  { name: 'blank lines of a value', text: render([writing('\n\n a \n\n')]), calls: [writing('\n\n a \n\n')] },
  { name: 'an empty value', text: render([writing('')]), calls: [writing('')] },
  {
    name: 'JSON as arguments',
    text: '<function=Bash>{"command": "echo </function>", "timeout": 5}</function>\n<function=TaskList>{}</function>',
    calls: [bash({ command: 'echo </function>', timeout: 5 }), list],
  },
  {
    name: 'types',
    text: '<function=Bash>\n<parameter=command>5</parameter>\n<parameter=timeout>1.5</parameter>\n<parameter=run_in_background>True</parameter>\n</function>',
    calls: [bash({ command: '5', timeout: 1.5, run_in_background: true })],
  },
  {
    name: 'values that do not fit their type',
    text: '<function=Read>\n<parameter=limit>5.5</parameter>\n<parameter=offset>many</parameter>\n<parameter=other>7</parameter>\n</function>',
    invalid: ['Read'],
  },
  {
    name: 'a value that may be null',
    text: '<function=mcp__db__query><parameter=sql>null</parameter><parameter=cursor>null</parameter></function>',
    calls: [{ name: 'mcp__db__query', input: { sql: 'null', cursor: null } }],
  },
  {
    name: 'a stranger behind a call',
    text: `${functionTag(list)}\n${unknown}`,
    calls: [list],
    invalid: ['get_weather'],
  },
  { name: 'half a key', text: '<function=Read>\n<parameter=file_', invalid: ['Read'] },
  { name: 'malformed', text: '<function=Read file_path="/a">', rest: '<function=Read file_path="/a">' },
  {
    name: 'malformed JSON',
    text: '<function=Bash>{"command": }</function>',
    invalid: ['Bash'],
  },
  {
    name: 'in prose',
    text: 'A call begins with `<tool_call>` and `<function=Read>`, then come parameters.',
    rest: 'A call begins with `<tool_call>` and `<function=Read>`, then come parameters.',
  },
];
