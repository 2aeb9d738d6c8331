/** A call no tool can take, on the wire: what the engine is sent the second time, and what the client gets of it. */
import { expect, test } from 'vitest';
import type { Answer, ChatRequest, FakeEngine } from '../support/fake-vllm-mlx.ts';
import { type OnFake, startGatewayOnFake, type TestGateway } from '../support/gateway.ts';

const tools = [
  {
    name: 'Edit',
    input_schema: {
      type: 'object',
      required: ['file_path', 'old_string'],
      properties: { file_path: { type: 'string' }, old_string: { type: 'string' }, count: { type: 'integer' } },
    },
  },
];
const edit = (json: string) => ({ type: 'tool', name: 'Edit', arguments: json, form: 'hermes' }) as const;
const say = (text: string) => ({ type: 'text', text }) as const;
const bad: Answer = { segments: [say('I edit.\n'), edit('{"file_path": "/a"}')] };
const good: Answer = { segments: [edit('{"file_path": "/a", "old_string": "b", "count": "2"}')] };

const isSecond = ({ messages }: ChatRequest) => JSON.stringify(messages.at(-1)).includes('could not be run');

/** An engine that gives `first`, and `second` when it is asked again. */
async function start(first: Answer, second: Answer, given: OnFake = {}) {
  const { gateway, engine } = await startGatewayOnFake(given);
  engine.script = (request) => (isSecond(request) ? second : first);
  return { gateway, engine };
}

const post = ({ url }: TestGateway, more: object = {}, signal?: AbortSignal) =>
  fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'default',
      max_tokens: 500,
      stream: true,
      tools,
      messages: [{ role: 'user', content: 'Change it.' }],
      ...more,
    }),
    ...(signal ? { signal } : {}),
  });

const counted = async ({ url }: TestGateway) => {
  const health: unknown = await (await fetch(`${url}/health`)).json();
  return (health as { tool_calls: unknown }).tool_calls;
};

const none = { ok: 0, repaired: 0, retyped: 0, reasked: 0, failed: 0 };
const messagesOf = (engine: FakeEngine) => engine.chats().map(({ body }) => body.messages as { role: string }[]);

test.each([
  ['auto', 'simple'],
  ['auto', 'batched'],
  ['engine', 'simple'],
] as const)('the client gets the corrected call alone (toolGrammar %s, %s engine)', async (toolGrammar, kind) => {
  const { gateway, engine } = await start(bad, good, { backend: { toolGrammar }, quirks: { engine: kind } });
  const bytes = await (await post(gateway)).text();
  expect(bytes.match(/event: content_block_start/g)).toHaveLength(2);
  expect(bytes).toContain('I edit.');
  const pieces = [...bytes.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, json]) => JSON.parse(json ?? ''));
  expect(JSON.parse(pieces.join(''))).toEqual({ file_path: '/a', old_string: 'b', count: 2 });
  expect(bytes).toContain('"stop_reason":"tool_use"');
  const [first, second] = messagesOf(engine);
  expect(engine.chats()).toHaveLength(2);
  expect(second?.slice(0, first?.length)).toEqual(first);
  expect(second?.slice(first?.length)).toMatchObject([
    {
      role: 'assistant',
      content: expect.stringMatching(/^I edit\.\s*<tool_call>\n.*"file_path": ?"\/a".*\n<\/tool_call>$/),
    },
    {
      role: 'user',
      content: expect.stringContaining('- Edit: old_string is missing. It needs file_path, old_string.'),
    },
  ]);
  expect(await counted(gateway)).toEqual({ ...none, reasked: 1 });
});

test('an engine that is switched off from it is asked once, and the call goes on as it is', async () => {
  const { gateway, engine } = await start(bad, good, { backend: { askAgain: false } });
  const message = await (await post(gateway, { stream: false })).json();
  expect(message).toMatchObject({
    content: [{ type: 'text' }, { type: 'tool_use', name: 'Edit', input: { file_path: '/a' } }],
    stop_reason: 'tool_use',
  });
  expect(engine.chats()).toHaveLength(1);
  expect(await counted(gateway)).toEqual({ ...none, failed: 1 });
});

test('an engine that breaks when it is asked again costs the client nothing', async () => {
  const { gateway, engine } = await start(bad, { segments: [], quirks: { noFinishReason: true } });
  const message = await (await post(gateway, { stream: false })).json();
  expect(message).toMatchObject({ content: [{ type: 'text' }, { type: 'tool_use', input: { file_path: '/a' } }] });
  expect(messagesOf(engine)[1]).toHaveLength(3);
  expect(await counted(gateway)).toEqual({ ...none, failed: 1 });
});

test('a client that leaves meanwhile stops the engine', async () => {
  const { gateway, engine } = await start(bad, { ...good, hangMs: 1_000 });
  const leaving = new AbortController();
  const response = post(gateway, {}, leaving.signal).then((answer) => answer.text());
  await engine.waitFor(() => engine.chats().length === 2);
  leaving.abort();
  await expect(response).rejects.toThrow();
  await engine.waitFor(() => engine.running() === 0);
  expect(engine.chats()[1]).toMatchObject({ aborted: true });
});

test('calls are counted as they came: right, repaired or of the wrong types', async () => {
  const calls = [
    edit('{"file_path": "/a", "old_string": "b"}'),
    edit('{"file_path": "/a", "old_string": "b",}'),
    edit('{"file_path": "/a", "old_string": "b", "count": "2"}'),
  ];
  const { gateway } = await start({ segments: calls }, good);
  await (await post(gateway)).text();
  expect(await counted(gateway)).toEqual({ ...none, ok: 1, repaired: 1, retyped: 1 });
});
