import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import { families } from '../../src/toolcalls/families.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { createTools } from '../../src/toolcalls/tool-set.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';

const names = ['Read', 'Write', 'Bash'];
const toolsOf = (...names: string[]) => createTools(names.map((name) => ({ name, inputSchema: undefined })));
const tools = toolsOf(...names);

function events(pieces: readonly (string | EngineEvent)[], reason: EndReason = 'end_turn', names = tools) {
  const sink = recorder();
  const stage = readToolCalls(sink, { tools: names, grammar: 'auto' });
  for (const piece of pieces) stage.push(typeof piece === 'string' ? { type: 'text', text: piece } : piece);
  stage.push({ type: 'ended', reason });
  return sink.events;
}

/** Said in short: text as it is, `Name{…}` for calls, the reason at the end. */
function read(text: string, reason: EndReason = 'end_turn', names = tools): string[] {
  return short(joined(events([text], reason, names)));
}

function short(all: readonly EngineEvent[]): string[] {
  const result: string[] = [];
  let call = '';
  for (const event of all) {
    if (event.type === 'text') result.push(event.text);
    else if (event.type === 'thinking') result.push(`(${event.text})`);
    else if (event.type === 'toolCallStart') call = event.name;
    else if (event.type === 'toolCallArguments') call += event.json;
    else if (event.type === 'toolCallEnd') result.push(call);
    else if (event.type === 'toolCallInvalid') result.push(`!${event.name}: ${event.problem}`);
    else if (event.type === 'ended') result.push(`.${event.reason}`);
    else result.push(`<${event.type}>`);
  }
  return result;
}

const hermes = (json: string) => `<tool_call>\n${json}\n</tool_call>`;
const readA = hermes('{"name": "Read", "arguments": {"path": "a"}}');

test.each<[string, string, string[]]>([
  ['text alone', 'Hello <b>you</b> \n', ['Hello <b>you</b> \n', '.end_turn']],
  ['a call', readA, ['Read{"path":"a"}', '.tool_use']],
  ['text, then a call', `I look.\n\n${readA}`, ['I look.', 'Read{"path":"a"}', '.tool_use']],
  [
    'calls in order',
    `${readA}\n${hermes('{"name":"Bash","arguments":{}}')}\n`,
    ['Read{"path":"a"}', 'Bash{}', '.tool_use'],
  ],
  ['text after a call', `${readA}\n\nDone. `, ['Read{"path":"a"}', 'Done. ', '.tool_use']],
  ['without line breaks', '<tool_call>{"name":"Bash","arguments":{}}</tool_call>', ['Bash{}', '.tool_use']],
  ['parameters', hermes('{"name":"Read","parameters":{"path":"a"}}'), ['Read{"path":"a"}', '.tool_use']],
  [
    'arguments as a string',
    hermes('{"name":"Read","arguments":"{\\"path\\": 1.0}"}'),
    ['Read{"path":1.0}', '.tool_use'],
  ],
  ['no arguments', hermes('{"name":"Bash"}'), ['Bash{}', '.tool_use']],
  [
    'the closing tag inside of a value',
    hermes('{"name":"Write","arguments":{"text":"</tool_call>"}}'),
    ['Write{"text":"</tool_call>"}', '.tool_use'],
  ],
  ['no closing tag at the end', '<tool_call>{"name":"Bash"}', ['Bash{}', '.tool_use']],
  ['half a closing tag at the end', '<tool_call>{"name":"Bash"}</tool_', ['Bash{}', '.tool_use']],
  [
    'no closing tag before the next call',
    `<tool_call>{"name":"Bash"}\n${readA}`,
    ['Bash{}', 'Read{"path":"a"}', '.tool_use'],
  ],
])('reads %s', (_, text, expected) => {
  expect(read(text)).toEqual(expected);
});

test.each<[string, string]>([
  ['no JSON', `As in:\n${hermes('{"name": Read}')}  `],
  ['no name', hermes('{"arguments": {}}')],
  ['a family nobody knows', '<tool_call>\n<fn>Read</fn>\n</tool_call>'],
  ['text about the tag', 'The tag `<tool_call>` opens a call.'],
  ['prose behind the object', '<tool_call>{"name":"Bash"} is how it starts'],
  ['an unclosed object', '<tool_call>{"name":"Bash", '],
  ['half an opener', 'a <tool_c'],
])('leaves %s as text', (_, text) => {
  expect(read(text)).toEqual([text, '.end_turn']);
});

test.each<[string, string, string]>([
  ['an unknown tool', hermes('{"name": "Fly", "arguments": {}}'), '!Fly: there is no tool Fly'],
  [
    'arguments of the wrong kind',
    hermes('{"name": "Read", "arguments": [1]}'),
    '!Read: the arguments are no JSON object',
  ],
  [
    'input nested without sense',
    hermes(`{"name":"Read","arguments":{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`),
    '!Read: a is no JSON: nested deeper than 90 levels',
  ],
])('says what is wrong with %s', (_, text, expected) => {
  expect(read(text)).toEqual([expected, '.tool_use']);
});

test('a call of an unknown tool is text when it stands in text', () => {
  const fly = hermes('{"name": "Fly", "arguments": {}}');
  for (const text of [`${fly}\nis the form.`, `The form is ${fly}`, `\`\`\`\n${fly}\n\`\`\``]) {
    expect(read(text)).toEqual([text, '.end_turn']);
  }
  expect(read(`${fly}\n${readA}`)).toEqual(['!Fly: there is no tool Fly', 'Read{"path":"a"}', '.tool_use']);
});

test.each<[string, string, string]>([
  ['a missing bracket', '<tool_call>{"name":"Bash","arguments":{}\n</tool_call>', 'Bash{}'],
  [
    'a string that never ends',
    '<tool_call>{"name":"Bash","arguments":{"c":"echo }}\n</tool_call>',
    'Bash{"c":"echo }}\\n"}',
  ],
])('goes on after %s', (_, broken, call) => {
  expect(read(`${broken}\n${readA}`)).toEqual([call, 'Read{"path":"a"}', '.tool_use']);
});

test('a call cut off by the token limit is dropped, what came before is kept', () => {
  expect(read('I write.\n<tool_call>{"name":"Write","arguments":{"te', 'max_tokens')).toEqual([
    'I write.',
    '.max_tokens',
  ]);
  expect(read(`${readA}<tool_call>{"na`, 'max_tokens')).toEqual(['Read{"path":"a"}', '.max_tokens']);
});

test('without tools markup is text', () => {
  expect(read(readA, 'end_turn', toolsOf())).toEqual([readA, '.end_turn']);
});

test('text is passed on at once, except for what may be markup', () => {
  expect(events(['so', ' <', 'b> <tool', 's>'])).toEqual([
    { type: 'text', text: 'so' },
    { type: 'text', text: ' <b>' },
    { type: 'text', text: ' <tools>' },
    { type: 'ended', reason: 'end_turn' },
  ]);
});

test('other events keep their place; counts may overtake what is held', () => {
  const usage: EngineEvent = { type: 'usage', outputTokens: 1 };
  const half = readA.slice(0, 20);
  expect(short(events(['I', usage, half, usage, readA.slice(20)]))).toEqual([
    'I',
    '<usage>',
    '<usage>',
    'Read{"path":"a"}',
    '.tool_use',
  ]);
  expect(short(events(['a <tool', { type: 'thinking', text: 'hm' }]))).toEqual(['a', ' <tool', '(hm)', '.end_turn']);
});

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', '</tool_call>', '<tool_call>', '😀', '\u2028') }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const input = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), value, { maxKeys: 4 });
const name = fc.constantFrom(...names);

test('500 generated calls are read as they were meant', () => {
  const rendering = fc.constantFrom(
    (name: string, input: object) => hermes(JSON.stringify({ name, arguments: input })),
    (name: string, input: object) => hermes(JSON.stringify({ name, parameters: input }, undefined, 2)),
    (name: string, input: object) =>
      `<tool_call>${JSON.stringify({ arguments: JSON.stringify(input), name })}</tool_call>`,
  );
  fc.assert(
    fc.property(name, input, rendering, cuts, (name, input, render, cuts) => {
      const [start, args, end, last, ...more] = joined(events(cutAt(render(name, input), cuts)));
      expect(start).toEqual({ type: 'toolCallStart', name });
      expect(JSON.parse(args?.type === 'toolCallArguments' ? args.json : '')).toEqual(
        JSON.parse(JSON.stringify(input)),
      );
      expect([end, last, more]).toEqual([{ type: 'toolCallEnd' }, { type: 'ended', reason: 'tool_use' }, []]);
    }),
    { numRuns: 500 },
  );
});

const noise = fc.constantFrom(
  '<tool_call>',
  '</tool_call>',
  '<tool_',
  '<think>',
  '</think>',
  '{"name":"Bash"}',
  '{"name":"Bash","arguments":{',
  '"a":"}',
  '}',
  '"',
  ' ',
  '\n',
  '<',
  'word',
  '😀',
);
const openers = families.flatMap(({ openers, firstOpeners = [] }) => [...openers, ...firstOpeners]);
const otherFamilies = fc.constantFrom(
  ...openers,
  'Read',
  '<parameter=file_path>',
  '</parameter>',
  '</function>',
  '<arg_key>limit</arg_key>',
  '<arg_value>',
  '</arg_value>',
  '<parameter name="limit">',
  '">',
  '</invoke>',
  '<|"|>',
  ']',
  '[ARGS]',
  '({"a":1})]',
  '{"name":"Read","parameters":{}}',
  ';',
  '[{"name":"Bash"}]',
  '<｜tool▁sep｜>',
  '<|channel|>',
  '<|message|>',
  '<|call|>',
  '5',
);
const soup = fc
  .array(
    fc.oneof(
      noise,
      otherFamilies,
      fc.tuple(name, input).map(([name, args]) => hermes(JSON.stringify({ name, arguments: args }))),
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

test('any cutting of any text gives the same events', () => {
  const reason = fc.constantFrom<EndReason[]>('end_turn', 'max_tokens');
  fc.assert(
    fc.property(soup, cuts, reason, (text, cuts, reason) => {
      expect(joined(events(cutAt(text, cuts), reason))).toEqual(joined(events([text], reason)));
    }),
    { numRuns: 500 },
  );
});

test('nothing of a text without calls is lost', () => {
  fc.assert(
    fc.property(soup, (text) => {
      const all = events([`x${text} there.`], 'end_turn', toolsOf('Other'));
      expect(all.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe(`x${text} there.`);
    }),
  );
});

test.each<[string, string]>([
  ['a huge value', hermes(JSON.stringify({ name: 'Write', arguments: { text: 'ab"\n'.repeat(100_000) } }))],
  ['a huge value that never ends', `<tool_call>{"name":"Write","arguments":{"text":"${'ab'.repeat(200_000)}`],
  ['white space without end', ' '.repeat(400_000)],
  ['nothing but openers', '<tool_call>'.repeat(40_000)],
  ['nothing but opened objects', '<tool_call>{'.repeat(40_000)],
  ['nothing but openers of every family', openers.map((opener) => opener.repeat(2_000)).join('')],
  [
    'every family opened in turn',
    openers
      .map((opener) => `${opener}Read{"a": "`)
      .join('')
      .repeat(1_000),
  ],
  ['nothing but opened functions', '<tool_call><function=Read>'.repeat(20_000)],
  ['nothing but parameters', `<function=Read>${'<parameter=a>'.repeat(30_000)}`],
  [
    'a value of nothing but tags',
    `<function=Read><parameter=a>\n ${'</parameter></parameter>\t</function> '.repeat(10_000)}`,
  ],
  [
    'a value of nothing but closers',
    `<tool_call>Read<arg_key>a</arg_key><arg_value>${'</arg_value> \n'.repeat(30_000)}`,
  ],
  ['thought without end', `<think>${'\n'.repeat(400_000)}`],
])('%s costs its length, not its square', (_, text) => {
  // 400 kB in pieces of one character: the square would be minutes.
  const sink = recorder();
  const stage = readToolCalls(sink, { tools, grammar: 'auto' });
  for (let at = 0; at < text.length; at++) stage.push({ type: 'text', text: text.charAt(at) });
  stage.push({ type: 'ended', reason: 'end_turn' });
  expect(sink.events.at(-1)).toMatchObject({ type: 'ended' });
});

test.each(['The list is [', 'see [Rea', 'as in a[', 'call:', '{"na'])(
  'the token limit takes nothing from a text that ends in %s',
  (text) => {
    expect(read(text, 'max_tokens')).toEqual([text, '.max_tokens']);
  },
);
