import { afterEach, expect, test } from 'vitest';
import { createOpenAiBackend } from '../../../src/backends/openai-compatible/index.ts';
import type { Backend, BackendOptions } from '../../../src/backends/types.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { recordingSink, saidBy, usageBy } from '../../support/recording-sink.ts';
import {
  type Answer,
  chatStream,
  fromTable,
  record,
  type ScriptedServer,
  scriptedServer,
  sendJson,
  sendStream,
} from './scripted-server.ts';

const forever = new AbortController().signal;
const opened: (Backend | ScriptedServer)[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open(answer: Answer, more: Partial<BackendOptions> = {}) {
  const server = await scriptedServer(answer);
  const notices: string[] = [];
  const options = {
    name: 'other',
    type: 'openai',
    priority: 1,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir: '',
  } as const;
  const backend = createOpenAiBackend(
    { ...options, baseUrl: `${server.url}/v1`, ...more },
    { notice: (text) => notices.push(text) },
  );
  opened.push(backend, server);
  return { server, backend, notices };
}

const models = { data: [{ id: 'first' }, { id: 'second' }] };

/** Answers chats with the stream and everything else from a server that is not known. */
const chats =
  (stream: string): Answer =>
  (asked, response, request) =>
    asked.path === '/v1/chat/completions'
      ? sendStream(response, stream)
      : fromTable({ '/v1/models': models })(asked, response, request);

async function run({ backend }: { backend: Backend }, body: object) {
  const info = await backend.probe(forever);
  const sink = recordingSink();
  backend.generate({ requestId: 'r', prompt: promptOf(body), maxTokens: 100, slot: 0, info }, sink);
  await sink.over;
  return sink;
}

test('sends structured tools and hears structured calls', async () => {
  const long = `mcp__server__${'x'.repeat(80)}`;
  let alias = '';
  const answer: Answer = (asked, response, request) => {
    if (asked.path !== '/v1/chat/completions') return chats('')(asked, response, request);
    alias = JSON.stringify(asked.body.tools).match(/mcp__server__x+_[0-9a-f]{8}/)?.[0] ?? '';
    const call = { index: 0, id: 'c', function: { name: alias, arguments: '{"a":1}' } };
    const usage = { prompt_tokens: 20, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 16 } };
    return sendStream(response, chatStream([{ tool_calls: [call] }], 'tool_calls', usage));
  };
  const on = await open(answer, { apiKey: 'k', sampling: { topP: 0.8, topK: 20 } });
  const sink = await run(on, {
    system: 'S',
    temperature: 0.3,
    stop_sequences: ['END'],
    tools: [
      { name: long, description: 'd', input_schema: { type: 'object' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
    tool_choice: { type: 'any' },
  });
  expect(sink.events).toEqual([
    { type: 'started' },
    { type: 'toolCallStart', name: alias },
    { type: 'toolCallArguments', json: '{"a":1}' },
    { type: 'toolCallEnd' },
    { type: 'usage', promptTokens: 20, outputTokens: 5, cachedTokens: 16 },
    { type: 'ended', reason: 'tool_use' },
  ]);
  expect(alias).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  const { body, headers } = on.server.asked.at(-1) ?? { body: {}, headers: {} };
  expect(headers.authorization).toBe('Bearer k');
  expect(body).toEqual({
    model: 'first',
    messages: [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'hi\nAnswer with a tool call now: call at least one of the tools.' },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 100,
    temperature: 0.3,
    top_p: 0.8,
    top_k: 20,
    tools: [{ type: 'function', function: { name: alias, description: 'd', parameters: { type: 'object' } } }],
    tool_choice: 'required',
  });
});

test('asks for the shape of a structured answer in words', async () => {
  const on = await open(chats(chatStream([{ content: '{}' }])));
  const schema = { type: 'object', properties: { title: { type: 'string' } } };
  await run(on, { output_config: { format: { type: 'json_schema', schema } } });
  expect(JSON.stringify(on.server.asked.at(-1)?.body.messages)).toContain('valid against this JSON schema');
});

test('learns how many tokens a prompt takes', async () => {
  const on = await open(chats(chatStream([{ content: 'x' }], 'stop', { prompt_tokens: 77, completion_tokens: 1 })));
  expect(usageBy(await run(on, {}))).toMatchObject({ promptTokens: 77 });
  expect(on.backend.countTokens(promptOf({}), await on.backend.probe(forever))).toBe(77);
});

test.each([
  ['a status inside the stream', record({ error: { code: 400, message: 'bad grammar' } }), 'engine_refused'],
  [
    'a full context inside the stream',
    record({ error: { code: 400, type: 'exceed_context_size_error', message: 'x', n_prompt_tokens: 9, n_ctx: 8 } }),
    'prompt_too_long',
  ],
  ['a stream that just stops', record({ choices: [{ delta: { content: 'x' } }] }), 'engine_failed'],
  ['an answer that is no stream', 'hello', 'engine_failed'],
])('fails with the right code on %s', async (_, stream, code) => {
  const sink = await run(await open(chats(stream)), {});
  expect(sink.events.at(-1)).toMatchObject({ type: 'failed', error: { code } });
});

test('reports a refusal before the stream without having started', async () => {
  const on = await open((asked, response, request) =>
    asked.method === 'POST' ? sendJson(response, { error: 'busy' }, 503) : chats('')(asked, response, request),
  );
  expect((await run(on, {})).events).toMatchObject([{ type: 'failed', error: { code: 'engine_busy' } }]);
});

test('an unknown server: the first model, an assumed context, said once as a notice', async () => {
  const { backend, notices } = await open(fromTable({ '/v1/models': models }));
  expect(await backend.probe(forever)).toMatchObject({
    model: 'first',
    loaded: true,
    slots: 1,
    contextWindow: 131_072,
    contextSource: 'default',
    toolCalls: 'auto',
    cache: { kind: 'conversations', capacity: 1 },
  });
  expect(notices[0]).toMatch(/backends\.other\.contextWindow/);
});

test('the owner knows better', async () => {
  const { backend } = await open(fromTable({ '/v1/models': models }), {
    model: 'second',
    slots: 3,
    contextWindow: 9_000,
    maxOutputTokens: 500,
    toolGrammar: 'hermes',
  });
  expect(await backend.probe(forever)).toMatchObject({
    model: 'second',
    slots: 3,
    contextWindow: 9_000,
    contextSource: 'config',
    maxOutputTokens: 500,
    toolCalls: 'hermes',
  });
});

test.each([
  [
    'llama-server',
    { '/props': { default_generation_settings: { n_ctx: 16_384 }, total_slots: 4, modalities: { vision: false } } },
    {
      model: 'first',
      slots: 4,
      contextWindow: 16_384,
      contextSource: 'engine',
      images: false,
      cache: { kind: 'conversations', capacity: 4 },
    },
  ],
  [
    'LM Studio',
    {
      '/api/v0/models': {
        data: [
          { id: 'embed', type: 'embeddings', state: 'loaded' },
          { id: 'other', type: 'llm', state: 'not-loaded', max_context_length: 1 },
          { id: 'qwen-vl', type: 'vlm', state: 'loaded', loaded_context_length: 8_192, max_context_length: 32_768 },
        ],
      },
    },
    { model: 'qwen-vl', contextWindow: 8_192, contextSource: 'engine', images: true },
  ],
  [
    'Ollama',
    { '/api/version': { version: '0.9' }, '/api/ps': { models: [{ name: 'qwen3:8b', context_length: 4_096 }] } },
    { model: 'qwen3:8b', contextWindow: 4_096, contextSource: 'engine' },
  ],
])('%s is asked for its model and context', async (_, table, expected) => {
  const { backend } = await open(fromTable({ '/v1/models': models, ...table }));
  expect(await backend.probe(forever)).toMatchObject(expected);
});

test('a server that still loads is there, but not for work', async () => {
  const { backend } = await open((_, response) => sendJson(response, { error: { message: 'Loading model' } }, 503));
  expect(await backend.probe(forever)).toMatchObject({ loaded: false });
});

test('refuses what chat messages cannot carry, and says what to do', async () => {
  const { backend } = await open(
    fromTable({
      '/v1/models': models,
      '/props': { default_generation_settings: { n_ctx: 10 }, modalities: { vision: false } },
    }),
  );
  const info = await backend.probe(forever);
  const asked = (block: object) => backend.refuses(promptOf({ messages: [{ role: 'user', content: [block] }] }), info);
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } };
  expect(asked(image)).toMatchObject({ code: 'unsupported_content', message: expect.stringContaining('vision model') });
  expect(asked({ type: 'tool_result', tool_use_id: 'x', content: [image] })?.code).toBe('unsupported_content');
  const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } };
  expect(asked(pdf)).toMatchObject({ message: expect.stringContaining('pdftotext') });
  expect(asked({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } })).toBeUndefined();
  expect(asked({ type: 'text', text: 'x' })).toBeUndefined();
});

test('text of a stream arrives as it was sent', async () => {
  const sink = await run(await open(chats(chatStream([{ content: 'Grüße ' }, { content: '😀' }]))), {});
  expect(saidBy(sink)).toBe('Grüße 😀');
});
