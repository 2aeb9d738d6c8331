import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toPrompt } from '../../src/prompt/canonical.ts';
import { countTokensRequest, messagesRequest } from '../../src/protocol/anthropic/request.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { blocksOf, canonicalLines, promptOf, request } from './prompts.ts';

const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
const hi = { role: 'user', content: 'hi' };

function refusal(body: object): GatewayError {
  try {
    promptOf(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('a string is one text block, whoever speaks', () => {
  for (const role of ['user', 'assistant', 'system'] as const) {
    expect(blocksOf(role, 'hello')).toEqual(blocksOf(role, [{ type: 'text', text: 'hello', ...mark }]));
  }
});

test('cache marks are gone at every level and do not change a byte', () => {
  const body = (mark: object) => ({
    system: [{ type: 'text', text: 'Be brief.', ...mark }],
    tools: [{ name: 'Read', input_schema: { type: 'object' }, ...mark }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'out', ...mark }], ...mark },
          { type: 'search_result', title: 's', content: [{ type: 'text', text: 'found', ...mark }], ...mark },
          { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'doc', ...mark }] }, ...mark },
        ],
      },
    ],
  });
  const marked = promptOf(body(mark));
  expect(canonicalLines(marked)).toEqual(canonicalLines(promptOf(body({}))));
  expect(canonicalLines(marked).join()).not.toContain('cache_control');
});

test('cache_control as data of a tool stays', () => {
  const schema = { type: 'object', properties: { cache_control: { type: 'string' } } };
  const input = { cache_control: 'no-cache' };
  const { tools, turns } = promptOf({
    tools: [{ name: 'Fetch', input_schema: schema }],
    messages: [hi, { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Fetch', input }] }],
  });
  expect(tools[0]?.inputSchema).toEqual(schema);
  expect(turns[1]?.content).toEqual([{ type: 'tool_use', id: 't', name: 'Fetch', input }]);
});

test('blank texts and messages left with nothing are gone', () => {
  const { turns } = promptOf({
    system: ['', ' \n'].map((text) => ({ type: 'text', text })),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'one' },
        ],
      },
      { role: 'assistant', content: ' \n\t' },
      { role: 'user', content: [] },
      { role: 'user', content: 'two' },
    ],
  });
  expect(turns).toEqual([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    },
  ]);
});

test('a request with nothing to say is refused', () => {
  expect(refusal({ messages: [{ role: 'user', content: ' ' }] })).toMatchObject({ code: 'invalid_request' });
});

test('a user text does not change when the client merges another behind it', () => {
  const failed = promptOf({ messages: [{ role: 'user', content: 'one' }] });
  const merged = promptOf({
    messages: [{ role: 'user', content: ['one\n', 'two'].map((text) => ({ type: 'text', text })) }],
  });
  expect(merged.chain[0]).toEqual(failed.chain[0]);
});

test('the model reads its own texts and those of tools as they were, spaces and breaks included', () => {
  expect(blocksOf('assistant', '  answer\n\n')).toEqual([{ type: 'text', text: '  answer\n\n' }]);
  expect(blocksOf('user', [{ type: 'tool_result', tool_use_id: 't', content: 'out\n' }])).toMatchObject([
    { content: [{ text: 'out\n' }] },
  ]);
});

test('system messages keep their place', () => {
  const { turns } = promptOf({
    messages: [
      hi,
      { role: 'system', content: 'note' },
      { role: 'assistant', content: 'yes' },
      hi,
      { role: 'system', content: 'late' },
    ],
  });
  expect(turns.map(({ role }) => role)).toEqual(['user', 'system', 'assistant', 'user', 'system']);
});

test('tool results: every form of content, and their order among other blocks', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } };
  expect(
    blocksOf('user', [
      { type: 'tool_result', tool_use_id: 'b', content: 'out' },
      { type: 'tool_result', tool_use_id: 'a' },
      {
        type: 'tool_result',
        tool_use_id: 'c',
        is_error: null,
        content: [image, { type: 'tool_reference', tool_name: 'X' }],
      },
      { type: 'tool_result', tool_use_id: 'd', is_error: true, content: '' },
      { type: 'text', text: 'and now?' },
    ]),
  ).toEqual([
    { type: 'tool_result', toolUseId: 'b', content: [{ type: 'text', text: 'out' }], isError: false },
    { type: 'tool_result', toolUseId: 'a', content: [], isError: false },
    {
      type: 'tool_result',
      toolUseId: 'c',
      content: [
        { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'iVBO' } },
        { type: 'other', value: { type: 'tool_reference', tool_name: 'X' } },
      ],
      isError: false,
    },
    { type: 'tool_result', toolUseId: 'd', content: [], isError: true },
    { type: 'text', text: 'and now?' },
  ]);
});

test('images and documents of every source', () => {
  const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBE' };
  expect(
    blocksOf('user', [
      { type: 'document', source: pdf, title: 'Paper' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
      { type: 'image', source: { type: 'url', url: 'http://127.0.0.1/a.png' } },
      { type: 'image', source: { type: 'file', file_id: 'f' } },
    ]),
  ).toEqual([
    { type: 'document', source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBE' }, title: 'Paper' },
    { type: 'document', source: { type: 'text', text: 'words' } },
    { type: 'image', source: { type: 'url', url: 'http://127.0.0.1/a.png' } },
    { type: 'image', source: { type: 'other', value: { type: 'file', file_id: 'f' } } },
  ]);
});

test('thinking is kept, signed or not', () => {
  expect(
    blocksOf('assistant', [
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'thinking', thinking: 'hm' },
      { type: 'redacted_thinking', data: 'cmVk' },
    ]),
  ).toEqual([
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'thinking', thinking: 'hm', signature: '' },
    { type: 'redacted_thinking', data: 'cmVk' },
  ]);
});

test.each([
  ['{"path":"/a"}', { path: '/a' }],
  ['{"path":', { __unparsedToolInput: '{"path":' }],
  ['[1]', { __unparsedToolInput: '[1]' }],
])('arguments the client could not parse come back as the model wrote them: %s', (raw, input) => {
  const block = { type: 'tool_use', id: 't', name: 'Read', input: { __unparsedToolInput: { raw, len: raw.length } } };
  expect(blocksOf('assistant', [block])).toEqual([{ ...block, input }]);
});

test('a nested block that is not what its type says passes as other', () => {
  const broken = [
    { type: 'text' },
    { type: 'tool_use', id: 1 },
    { type: 'tool_result', tool_use_id: 't', content: [7] },
  ];
  expect(blocksOf('user', [{ type: 'tool_result', tool_use_id: 't', content: broken }])).toMatchObject([
    { content: broken.map((value) => ({ type: 'other', value })) },
  ]);
});

test('tools keep their order and all of their fields', () => {
  const edit = {
    name: 'Edit',
    description: 'Edits',
    input_schema: { type: 'object' },
    eager_input_streaming: true,
    strict: true,
  };
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 8 };
  expect(promptOf({ tools: [search, edit, { type: 'mcp_toolset' }] }).tools).toEqual([
    { name: 'web_search', description: '', inputSchema: undefined, definition: search },
    { name: 'Edit', description: 'Edits', inputSchema: { type: 'object' }, definition: edit },
    { name: 'mcp_toolset', description: '', inputSchema: undefined, definition: { type: 'mcp_toolset' } },
  ]);
});

test('the order of tools is part of the prefix, that of the messages is not', () => {
  const [a, b] = [{ name: 'A' }, { name: 'B' }];
  expect(promptOf({ tools: [a, b] }).prefixKey).not.toBe(promptOf({ tools: [b, a] }).prefixKey);
  expect(promptOf({ tools: [a] }).prefixKey).toBe(
    promptOf({ tools: [a], messages: [{ role: 'user', content: 'x' }] }).prefixKey,
  );
});

test('a system text is never taken for a tool', () => {
  const keys = [promptOf({ system: 'A' }), promptOf({ tools: [{ name: 'A' }] }), promptOf({ system: '{"name":"A"}' })];
  expect(new Set(keys.map(({ prefixKey }) => prefixKey)).size).toBe(3);
  expect(keys.map(({ prefixKey }) => prefixKey)).toEqual(keys.map(() => expect.stringMatching(/^[0-9a-f]{32}$/)));
});

test('settings: what the client said, and nothing invented', () => {
  expect(promptOf({}).settings).toEqual({
    maxTokens: 100,
    temperature: undefined,
    topP: undefined,
    topK: undefined,
    stopSequences: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    thinking: 'default',
    effort: undefined,
    outputSchema: undefined,
  });
  const schema = { type: 'object', properties: { title: { type: 'string' } } };
  expect(
    promptOf({
      temperature: 0,
      top_p: 0.9,
      top_k: 20,
      stop_sequences: ['END'],
      tool_choice: { type: 'tool', name: 'Read', disable_parallel_tool_use: true },
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema } },
    }).settings,
  ).toEqual({
    maxTokens: 100,
    temperature: 0,
    topP: 0.9,
    topK: 20,
    stopSequences: ['END'],
    toolChoice: { type: 'tool', name: 'Read' },
    parallelToolCalls: false,
    thinking: 'enabled',
    effort: 'high',
    outputSchema: schema,
  });
  expect(promptOf({ thinking: { type: 'disabled' } }).settings.thinking).toBe('disabled');
  expect(promptOf({ tool_choice: { type: 'none' } }).settings.toolChoice).toEqual({ type: 'none' });
});

test('a count has the same prompt as the request it counts', () => {
  const body = { model: 'm', system: 'Be brief.', tools: [{ name: 'A' }], messages: [hi] };
  const counted = toPrompt(countTokensRequest.parse(body));
  expect(counted.settings.maxTokens).toBe(1);
  expect(counted.chain).toEqual(promptOf(body).chain);
});

test('a thread is refused in the words that make the SDK send everything', () => {
  expect(refusal({ thread: { type: 'create' } })).toMatchObject({
    code: 'thread_unsupported_request',
    details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
  });
  expect(promptOf({ thread: null }).turns).toHaveLength(1);
});

test('a body nested too deeply is refused with its path', () => {
  const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
  const tool = (levels: number) => ({ tools: [{ name: 'A', input_schema: deep(levels) }] });
  expect(refusal(tool(5000))).toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/^tools\.0\.input_schema\.a.*: nested too deeply/),
  });
  expect(promptOf(tool(80)).tools).toHaveLength(1);
});

test('a tool choice without its tool and a system prompt of images are refused by name', () => {
  expect(refusal({ tool_choice: { type: 'tool' } }).message).toContain('tool_choice.name');
  const image = { type: 'image', source: { type: 'url', url: 'http://127.0.0.1/' } };
  expect(refusal({ system: [image] })).toMatchObject({ code: 'unsupported_content' });
});

test('the body stays as it was for backends that pass it on', () => {
  const body = request({ system: [{ type: 'text', text: 'Be brief.', ...mark }], metadata: { user_id: 'u' } });
  const before = structuredClone(body);
  expect(toPrompt(body).body).toBe(body);
  expect(body).toEqual(before);
});

test('whatever the schema lets through becomes a prompt or a GatewayError', () => {
  const type = fc.constantFrom('text', 'image', 'document', 'tool_use', 'tool_result', 'thinking', 'mcp_tool_use');
  const loose = fc.dictionary(fc.constantFrom('content', 'source', 'input', 'text', 'id', 'name'), fc.jsonValue());
  const block = fc.tuple(type, loose).map(([type, rest]) => ({ ...rest, type }));
  const nested = fc.record({ type: fc.constant('tool_result'), tool_use_id: fc.string(), content: fc.array(block) });
  const content = fc.oneof(fc.string(), fc.array(fc.oneof(block, nested)));
  fc.assert(
    fc.property(content, (content) => {
      const body = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content }] };
      const parsed = messagesRequest.safeParse(body);
      if (!parsed.success) return;
      try {
        expect(toPrompt(parsed.data).turns).toHaveLength(1);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_request' });
      }
    }),
  );
});
