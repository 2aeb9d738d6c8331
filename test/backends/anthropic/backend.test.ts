import { afterEach, expect, test } from 'vitest';
import { createAnthropicBackend } from '../../../src/backends/anthropic/index.ts';
import type { Backend, BackendOptions } from '../../../src/backends/types.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { recordingSink } from '../../support/recording-sink.ts';
import {
  type Answer,
  fromTable,
  type ScriptedServer,
  scriptedServer,
  sendJson,
  sendPieces,
} from '../openai-compatible/scripted-server.ts';

const forever = new AbortController().signal;
const opened: (Backend | ScriptedServer)[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const models = fromTable({ '/v1/models': { data: [{ id: 'claude-big' }] } });

async function open(answer: Answer, more: Partial<BackendOptions> = {}) {
  const server = await scriptedServer((asked, response, request) =>
    (asked.method === 'POST' ? answer : models)(asked, response, request),
  );
  const options = {
    name: 'cloud',
    type: 'anthropic',
    priority: 9,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir: '',
  } as const;
  const backend = createAnthropicBackend({ ...options, baseUrl: `${server.url}/v1`, ...more }, { notice() {} });
  opened.push(backend, server);
  return { server, backend };
}

async function run(backend: Backend, body: object = {}) {
  const info = await backend.probe(forever);
  const sink = recordingSink();
  backend.generate({ requestId: 'r', prompt: promptOf(body), maxTokens: 50, slot: 0, info }, sink);
  await sink.over;
  return sink.events;
}

const stream = (events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const start = {
  type: 'message_start',
  message: {
    usage: { input_tokens: 5, cache_creation_input_tokens: 10, cache_read_input_tokens: 85, output_tokens: 1 },
  },
};
const block = (index: number, content: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block: content },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const stop = (reason: string, sequence: string | null = null) => [
  { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: sequence }, usage: { output_tokens: 12 } },
  { type: 'message_stop' },
];
const usage = { type: 'usage', promptTokens: 100, cachedTokens: 85, createdTokens: 10 };

const answering =
  (events: readonly { readonly type: string }[], sizes: readonly number[] = [11, 3]): Answer =>
  (_, response) =>
    sendPieces(response, stream(events), sizes);

test('thinking with its signature, text, tool calls and the whole usage', async () => {
  const { backend } = await open(
    answering([
      start,
      { type: 'ping' },
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'hm' },
        { type: 'signature_delta', signature: 'sig' },
      ),
      ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'Grüße' }),
      ...block(
        2,
        { type: 'server_tool_use', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{}' },
      ),
      ...block(
        3,
        { type: 'tool_use', id: 't', name: 'Read', input: {} },
        { type: 'input_json_delta', partial_json: '' },
        { type: 'input_json_delta', partial_json: '{"a":1}' },
      ),
      ...stop('tool_use'),
    ]),
  );
  expect(await run(backend)).toEqual([
    { type: 'started' },
    { ...usage, outputTokens: 1 },
    { type: 'thinking', text: 'hm' },
    { type: 'thinking', text: '', signature: 'sig' },
    { type: 'text', text: 'Grüße' },
    { type: 'toolCallStart', name: 'Read' },
    { type: 'toolCallArguments', json: '{"a":1}' },
    { type: 'toolCallEnd' },
    { ...usage, outputTokens: 12 },
    { type: 'ended', reason: 'tool_use' },
  ]);
});

test.each([
  ['end_turn', null, { reason: 'end_turn' }],
  ['max_tokens', null, { reason: 'max_tokens' }],
  ['stop_sequence', 'END', { reason: 'stop_sequence', stopSequence: 'END' }],
  ['refusal', null, { reason: 'refusal' }],
  ['pause_turn', null, { reason: 'end_turn' }],
  ['model_context_window_exceeded', null, { reason: 'max_tokens' }],
])('stop reason %s', async (reason, sequence, expected) => {
  const { backend } = await open(answering([start, ...stop(reason, sequence)]));
  expect((await run(backend)).at(-1)).toEqual({ type: 'ended', ...expected });
});

test("the client's body goes through, with the betas it needs and without thinking the API did not sign", async () => {
  const { backend, server } = await open(answering([start, ...stop('end_turn')]), { apiKey: 'k', model: 'claude-big' });
  const ours = { type: 'thinking', thinking: 'x', signature: 'warmslot.abc' };
  const theirs = { type: 'thinking', thinking: 'y', signature: 'ErcB' };
  const text = { type: 'text', text: 'so', cache_control: { type: 'ephemeral' } };
  await run(backend, {
    context_management: { edits: [] },
    output_config: { effort: 'medium' },
    max_tokens: 999,
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [ours, theirs, text] },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: [ours] },
      { role: 'system', content: 'c' },
    ],
  });
  const asked = server.asked.at(-1);
  expect(asked?.path).toBe('/v1/messages');
  expect(asked?.headers).toMatchObject({
    'x-api-key': 'k',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'context-management-2025-06-27,effort-2025-11-24,mid-conversation-system-2026-04-07',
  });
  expect(asked?.body).toMatchObject({
    model: 'claude-big',
    max_tokens: 50,
    stream: true,
    context_management: { edits: [] },
  });
  expect(asked?.body.messages).toEqual([
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [theirs, text] },
    { role: 'user', content: 'b' },
    { role: 'system', content: 'c' },
  ]);
});

test.each([
  [{ type: 'overloaded_error', message: 'x' }, 'engine_busy'],
  [{ type: 'rate_limit_error', message: 'x' }, 'engine_busy'],
  [{ type: 'authentication_error', message: 'x' }, 'engine_auth'],
  [{ type: 'invalid_request_error', message: 'x' }, 'engine_refused'],
  [{ type: 'api_error', message: 'x' }, 'engine_failed'],
])('an error is told apart by its type, inside the stream and before it: %o', async (error, code) => {
  const inside = await open(answering([start, { type: 'error', error } as { type: string }]));
  expect((await run(inside.backend)).at(-1)).toMatchObject({ type: 'failed', error: { code } });
});

test('a refusal is passed on with how long to wait; a stream that stops is a failure', async () => {
  const refusing = await open((_, response) => {
    response.setHeader('retry-after', '9');
    sendJson(response, { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }, 429);
  });
  expect(await run(refusing.backend)).toMatchObject([
    { type: 'failed', error: { code: 'engine_busy', retryAfter: 9 } },
  ]);
  const stopping = await open(
    answering([start, ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'x' })]),
  );
  expect((await run(stopping.backend)).at(-1)).toMatchObject({ type: 'failed', error: { code: 'engine_failed' } });
});

test('takes everything; a model is asked for where none is named', async () => {
  const { backend } = await open(answering([]));
  const info = await backend.probe(forever);
  expect(info).toMatchObject({ model: 'claude-big', images: true, documents: true, toolCalls: 'exact' });
  expect(backend.refuses(promptOf({}), info)).toBeUndefined();
});

test('a server that lists no models can be used with the one the owner names', async () => {
  const server = await scriptedServer(fromTable({}));
  const options = {
    name: 'cloud',
    type: 'anthropic',
    priority: 9,
    toolGrammar: 'auto',
    sampling: {},
    modelsDir: '',
  } as const;
  const backend = createAnthropicBackend({ ...options, baseUrl: `${server.url}/v1`, model: 'mine' }, { notice() {} });
  const unnamed = createAnthropicBackend({ ...options, baseUrl: `${server.url}/v1` }, { notice() {} });
  opened.push(backend, unnamed, server);
  expect(await backend.probe(forever)).toMatchObject({ model: 'mine', loaded: true });
  await expect(unnamed.probe(forever)).rejects.toMatchObject({ code: 'engine_failed' });
});

test('a subscription token goes as a bearer', async () => {
  const { backend, server } = await open(answering([]), { apiKey: 'sk-ant-oat01-x' });
  await backend.probe(forever);
  expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-ant-oat01-x');
  expect(server.asked[0]?.headers['x-api-key']).toBeUndefined();
});
