import { afterEach, expect, test } from 'vitest';
import { createOpenAiBackend } from '../../../src/backends/openai-compatible/index.ts';
import type { Backend } from '../../../src/backends/types.ts';
import { createVllmMlxBackend } from '../../../src/backends/vllm-mlx/index.ts';
import { promptOf } from '../../prompt/prompts.ts';
import { recordingSink } from '../../support/recording-sink.ts';
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

const opened: (Backend | ScriptedServer)[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const health = { status: 'healthy', model_loaded: true, model_name: 'm', model_type: 'llm', engine_type: 'batched' };
const table = fromTable({ '/v1/models': { data: [{ id: 'm' }] }, '/health': health });
const wholeAnswer = chatStream([{ content: 'Good.' }]);

const refuse = (status: number, message: string): Answer => {
  return (_, response) => sendJson(response, { error: { code: status, message } }, status);
};

/** How servers say that a model knows no tools. */
const refusals: readonly [string, typeof createOpenAiBackend, Answer][] = [
  ['Ollama', createOpenAiBackend, refuse(400, 'registry.ollama.ai/library/gemma3 does not support tools')],
  ['llama-server', createOpenAiBackend, refuse(500, 'Jinja Exception: Conversation roles must alternate')],
  ['LM Studio', createOpenAiBackend, refuse(400, 'Error rendering prompt with jinja template: Unknown role')],
  [
    'vllm-mlx',
    createVllmMlxBackend,
    (_, response) => sendStream(response, `${record({ error: { message: 'internal error' } })}data: [DONE]\n\n`),
  ],
];

async function open(create: typeof createOpenAiBackend, chat: Answer) {
  const server = await scriptedServer((asked, response, request) =>
    (asked.path === '/v1/chat/completions' ? chat : table)(asked, response, request),
  );
  const options = { name: 'e', type: 'openai', priority: 1, toolGrammar: 'auto', sampling: {}, modelsDir: '' } as const;
  const backend = create({ ...options, baseUrl: `${server.url}/v1` }, { notice() {} });
  opened.push(backend, server);
  const info = await backend.probe(new AbortController().signal);
  const run = async (body: object) => {
    const sink = recordingSink();
    backend.generate({ requestId: 'r', prompt: promptOf(body), maxTokens: 100, slot: 0, info }, sink);
    await sink.over;
    return sink.events.map((event) => (event.type === 'text' ? event.text : event.type));
  };
  const chats = () => server.asked.filter(({ path }) => path === '/v1/chat/completions').map(({ body }) => body);
  return { run, chats };
}

const tools = [{ name: 'Read', description: 'Reads.', input_schema: { type: 'object' } }];
const namesTools = (body: object) => 'tools' in body || 'chat_template_kwargs' in body;

test.each(refusals)('%s refuses tools: they are put in plain words, the next time at once', async (_, create, no) => {
  const on = await open(create, (asked, response, request) =>
    namesTools(asked.body) ? no(asked, response, request) : sendStream(response, wholeAnswer),
  );
  expect(await on.run({ tools })).toEqual(['started', 'Good.', 'ended']);
  expect(on.chats().map(namesTools)).toEqual([true, false]);
  expect(JSON.stringify(on.chats()[1]?.messages)).toContain('[Calling tool: NAME(');
  expect(await on.run({ tools })).toEqual(['started', 'Good.', 'ended']);
  expect(on.chats().map(namesTools)).toEqual([true, false, false]);
});

test.each(refusals)(
  '%s refuses in any words: it is asked twice, no more, and once without tools',
  async (_, create, no) => {
    const on = await open(create, no);
    expect((await on.run({ tools })).at(-1)).toBe('failed');
    expect((await on.run({ tools })).at(-1)).toBe('failed');
    expect(on.chats().map(namesTools)).toEqual([true, false, true, false]);
    expect((await on.run({})).at(-1)).toBe('failed');
    expect(on.chats()).toHaveLength(5);
  },
);

test('a model that took tools before is given them again after a refusal', async () => {
  let refusals = 0;
  const on = await open(createOpenAiBackend, (asked, response, request) => {
    const refused = JSON.stringify(asked.body.messages).includes('odd') && refusals++ === 0;
    if (!refused) return sendStream(response, wholeAnswer);
    return refuse(400, 'Jinja Exception: one tool call at a time')(asked, response, request);
  });
  const odd = { tools, messages: [{ role: 'user', content: 'odd' }] };
  for (const body of [{ tools }, odd, { tools }]) expect(await on.run(body)).toEqual(['started', 'Good.', 'ended']);
  expect(on.chats().map(namesTools)).toEqual([true, true, false, true]);
});

test('an answer that has begun is not begun again', async () => {
  const pieces = [{ content: 'Well.' }, { tool_calls: [{ index: 3, function: { arguments: '{}' } }] }];
  const on = await open(createOpenAiBackend, (_, response) => sendStream(response, chatStream(pieces)));
  expect(await on.run({ tools })).toEqual(['started', 'Well.', 'failed']);
  expect(on.chats()).toHaveLength(1);
});

test.each([
  [503, 'busy'],
  [401, 'no such key'],
  [400, 'max_tokens must be positive'],
])('another refusal (%i %s) is not taken for one of tools', async (status, message) => {
  const on = await open(createOpenAiBackend, refuse(status, message));
  expect((await on.run({ tools })).at(-1)).toBe('failed');
  expect(on.chats()).toHaveLength(1);
});
