import { code, huge, type Sample, unicode } from './sample.ts';

const list = (...calls: [name: string, input: object][]) =>
  JSON.stringify(calls.map(([name, input]) => ({ name, arguments: input })));
const v3 = (...calls: [name: string, input: object][]) => `<|tool_call|>${list(...calls)}`;
const v31 = (...calls: [name: string, input: object][]) => `<tool_call> ${list(...calls)}`;

const read = { file_path: '/a.ts' };
const query = { sql: 'select 1', params: { a: { b: [1, [2], null] } }, rows: [[], {}] };

export const granite: readonly Sample[] = [
  { name: 'one call', text: v3(['Read', read]), calls: [{ name: 'Read', input: read }] },
  { name: 'one call of 3.1', text: v31(['Read', read]), calls: [{ name: 'Read', input: read }] },
  { name: 'with a closer', text: `${v31(['Read', read])}</tool_call>`, calls: [{ name: 'Read', input: read }] },
  {
    name: 'two calls',
    text: v31(['Read', read], ['Bash', { command: 'ls' }]),
    calls: [
      { name: 'Read', input: read },
      { name: 'Bash', input: { command: 'ls' } },
    ],
  },
  {
    name: 'text around',
    text: `I read it.\n${v3(['Read', read])}\nThen we see.`,
    calls: [{ name: 'Read', input: read }],
    rest: 'I read it.Then we see.',
  },
  { name: 'nested', text: v31(['mcp__db__query', query]), calls: [{ name: 'mcp__db__query', input: query }] },
  { name: 'unicode', text: v3(['Bash', { command: unicode }]), calls: [{ name: 'Bash', input: { command: unicode } }] },
  { name: 'code', text: v31(['Write', { content: code }]), calls: [{ name: 'Write', input: { content: code } }] },
  { name: 'empty arguments', text: v3(['TaskList', {}]), calls: [{ name: 'TaskList', input: {} }] },
  { name: 'huge value', text: v31(['Write', { content: huge }]), calls: [{ name: 'Write', input: { content: huge } }] },
  {
    name: 'malformed',
    text: '<|tool_call|>[{"name": "Read", "arguments": {"file_path": "/a"}]',
    calls: [{ name: 'Read', input: { file_path: '/a' } }],
  },
  { name: 'an empty list', text: '<tool_call> []', rest: '<tool_call> []' },
  { name: 'truncated', text: '<|tool_call|>[{"name": "Read", "arguments": {"file', cutOff: true },
  { name: 'in prose', text: 'Begin with `<|tool_call|>` and a list.', rest: 'Begin with `<|tool_call|>` and a list.' },
  {
    name: 'in a fence',
    text: `\`\`\`\n${v3(['get_weather', {}])}\n\`\`\``,
    rest: `\`\`\`\n${v3(['get_weather', {}])}\n\`\`\``,
  },
  {
    name: 'in thinking',
    text: `<think>${v3(['Bash', {}])}</think>${v3(['Read', read])}`,
    calls: [{ name: 'Read', input: read }],
    thinking: v3(['Bash', {}]),
  },
];
