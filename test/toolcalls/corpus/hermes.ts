import { code, huge, type Sample, unicode } from './sample.ts';

const call = (name: string, input: object) =>
  `<tool_call>\n${JSON.stringify({ name, arguments: input })}\n</tool_call>`;

const read = { file_path: '/a.ts' };
const edits = {
  file_path: '/a',
  edits: [
    { old_string: 'a', new_string: 'b' },
    { old_string: '{', new_string: '[]' },
  ],
};

export const hermes: readonly Sample[] = [
  { name: 'one call', text: call('Read', read), calls: [{ name: 'Read', input: read }] },
  {
    name: 'two calls',
    text: `${call('Read', read)}\n${call('Bash', { command: 'ls', timeout: 5 })}`,
    calls: [
      { name: 'Read', input: read },
      { name: 'Bash', input: { command: 'ls', timeout: 5 } },
    ],
  },
  {
    name: 'text around',
    text: `I read it.\n\n${call('Read', read)}\n\nThen we see.`,
    calls: [{ name: 'Read', input: read }],
    rest: 'I read it.Then we see.',
  },
  { name: 'nested', text: call('MultiEdit', edits), calls: [{ name: 'MultiEdit', input: edits }] },
  {
    name: 'unicode',
    text: call('Bash', { command: unicode }),
    calls: [{ name: 'Bash', input: { command: unicode } }],
  },
  { name: 'code', text: call('Write', { content: code }), calls: [{ name: 'Write', input: { content: code } }] },
  { name: 'empty arguments', text: call('TaskList', {}), calls: [{ name: 'TaskList', input: {} }] },
  { name: 'huge value', text: call('Write', { content: huge }), calls: [{ name: 'Write', input: { content: huge } }] },
  {
    name: 'parameters',
    text: '<tool_call>{"name": "Read", "parameters": {"file_path": "/a.ts"}}</tool_call>',
    calls: [{ name: 'Read', input: read }],
  },
  {
    name: 'no closer',
    text: '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a.ts"}}',
    calls: [{ name: 'Read', input: read }],
  },
  {
    name: 'malformed',
    text: '<tool_call>\n{"name": "Read", "arguments": {"file_path": }}\n</tool_call>',
    invalid: ['Read'],
  },
  {
    name: 'truncated',
    text: 'So:\n<tool_call>\n{"name": "Write", "arguments": {"content": "a',
    rest: 'So:',
    half: 'Write',
    cutOff: true,
  },
  {
    name: 'in prose',
    text: 'Write `<tool_call>` and then an object, as `<tool_call>{"name": …}</tool_call>`.',
    rest: 'Write `<tool_call>` and then an object, as `<tool_call>{"name": …}</tool_call>`.',
  },
  {
    name: 'in a fence',
    text: `Like this:\n\`\`\`\n${call('get_weather', { city: 'Rome' })}\n\`\`\`\n`,
    rest: `Like this:\n\`\`\`\n${call('get_weather', { city: 'Rome' })}\n\`\`\`\n`,
  },
  {
    name: 'in thinking',
    text: `<think>\nI could ${call('Bash', {})}\n</think>\n\nNo.`,
    rest: 'No.',
    thinking: `I could ${call('Bash', {})}`,
  },
];
