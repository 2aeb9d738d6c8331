/** A call no tool can take, through the whole runtime: an engine that says what the test wants, and what it was asked. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Backend, CreateBackend, EngineEvent, EngineInfo, GenerateJob } from '../../src/backends/types.ts';
import type { Message } from '../../src/protocol/anthropic/events.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import type { Timing } from '../../src/runtime/timing.ts';
import { startApp } from '../support/app.ts';
import { lintSse } from '../support/sse-lint.ts';

const info: EngineInfo = {
  model: 'scripted',
  loaded: true,
  slots: 2,
  contextWindow: 4_000,
  contextSource: 'config',
  maxOutputTokens: 1_000,
  images: false,
  documents: false,
  toolCalls: 'auto',
  cache: { kind: 'slots', capacity: 2 },
  exactTokens: true,
  demo: false,
};

interface Asked extends GenerateJob {
  aborted: boolean;
}

/** An engine whose nth answer is the nth of `answers`; one without an end goes on for ever. */
function scripted(answers: readonly (readonly EngineEvent[])[], more: Partial<Backend> = {}) {
  const asked: Asked[] = [];
  const create: CreateBackend = ({ name, type, priority }) => ({
    name,
    type,
    priority,
    location: 'here',
    probe: async () => info,
    refuses: () => undefined,
    countTokens: ({ bytes }) => Math.ceil(bytes / 4),
    generate(job, sink) {
      const generation: Asked = { ...job, aborted: false };
      asked.push(generation);
      const say = async () => {
        for (const event of answers[asked.indexOf(generation)] ?? []) {
          await turn();
          if (generation.aborted) return;
          sink.push(event);
          sink.flush();
        }
      };
      void say();
      return {
        abort() {
          generation.aborted = true;
        },
        pause() {},
        resume() {},
      };
    },
    idle: async () => {},
    close: async () => {},
    ...more,
  });
  return { create, asked };
}

async function start(engine: ReturnType<typeof scripted>, timing: Partial<Timing> = {}, askAgain = true) {
  const gateway = await startApp(
    { backends: { scripted: { type: 'openai', baseUrl: 'http://127.0.0.1:1', askAgain } } },
    { backends: { openai: engine.create }, timing },
  );
  onTestFinished(() => gateway.close());
  const events: GatewayEvent[] = [];
  gateway.app.gateway.events.on((event) => events.push(event));
  const post = (more: object = {}, signal?: AbortSignal) =>
    fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...more }),
      ...(signal ? { signal } : {}),
    });
  const ask = async (more: object = {}) => {
    const response = await post(more);
    const message = (await response.json()) as Message;
    await expect.poll(() => events.some(({ type }) => type === 'request.finished')).toBe(true);
    return { status: response.status, message };
  };
  const summary = () => events.find((event) => event.type === 'request.finished');
  return { gateway, events, post, ask, summary, health: () => gateway.app.gateway.health().tool_calls };
}

const body = {
  model: 'default',
  max_tokens: 900,
  tools: [
    {
      name: 'Edit',
      input_schema: { type: 'object', required: ['file_path', 'old_string'], properties: { file_path: {} } },
    },
    { name: 'Read', input_schema: { type: 'object', properties: {} } },
    { name: 'WebFetch', input_schema: { type: 'object', properties: {} } },
  ],
  messages: [{ role: 'user', content: 'Change it.' }],
};

const text = (text: string): EngineEvent => ({ type: 'text', text });
const started: EngineEvent = { type: 'started', promptTokens: 70 };
const ended: EngineEvent = { type: 'ended', reason: 'tool_use' };
const usage = (promptTokens: number, outputTokens: number): EngineEvent => ({
  type: 'usage',
  promptTokens,
  cachedTokens: 50,
  outputTokens,
});
const invalid = (name: string, problem: string): EngineEvent => ({
  type: 'toolCallInvalid',
  name,
  arguments: '{"file_path": "/a"}',
  problem,
});
const call = (name: string, json: string): EngineEvent[] => [
  { type: 'toolCallStart', name },
  { type: 'toolCallArguments', json },
  { type: 'toolCallEnd' },
];
const bad = [started, text('I edit.'), invalid('Edit', 'old_string is missing'), usage(70, 30), ended];
const good = [started, text('Sorry!'), ...call('Edit', '{"file_path":"/a","old_string":"b"}'), usage(120, 12), ended];

const textOf = ({ prompt }: GenerateJob) =>
  prompt.turns.map(({ role, content }) => `${role}: ${content.map((b) => (b.type === 'text' ? b.text : b.type))}`);

test('the engine is asked once more on the same slot, and the client sees one answer', async () => {
  const engine = scripted([bad, good]);
  const { ask, summary, health } = await start(engine);
  const { message } = await ask();
  expect(message).toMatchObject({
    content: [
      { type: 'text', text: 'I edit.' },
      { type: 'tool_use', name: 'Edit', input: { file_path: '/a', old_string: 'b' } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 20, cache_read_input_tokens: 50, output_tokens: 42 },
  });
  const [first, second] = engine.asked;
  expect(engine.asked).toHaveLength(2);
  expect([second?.slot, second?.requestId]).toEqual([first?.slot, first?.requestId]);
  expect(second && textOf(second)).toEqual([
    'user: Change it.',
    `assistant: I edit.
<tool_call>
{"name": "Edit", "arguments": {"file_path": "/a"}}
</tool_call>`,
    `user: This call could not be run:
- Edit: old_string is missing. It needs file_path, old_string.
Write the corrected call now, it alone, without any words before or after.`,
  ]);
  expect(summary()).toMatchObject({
    outcome: 'done',
    promptTokens: 70,
    outputTokens: 42,
    askedAgain: { promptTokens: 120, cachedTokens: 50, outputTokens: 12 },
  });
  expect(health()).toEqual({ ok: 0, repaired: 0, retyped: 0, reasked: 1, failed: 0 });
});

test('the second prompt extends the first in its chain, its size and its body', async () => {
  const engine = scripted([bad, good]);
  const { ask } = await start(engine);
  await ask();
  const [first, second] = engine.asked.map(({ prompt }) => prompt);
  expect(second?.prefixKey).toBe(first?.prefixKey);
  expect(second?.chain.slice(0, first?.chain.length)).toEqual(first?.chain);
  expect(second?.chain).toHaveLength((first?.chain.length ?? 0) + 2);
  expect(second?.bytes).toBe(second?.chain.at(-1)?.bytes);
  expect(second?.bytes).toBeGreaterThan(first?.bytes ?? 0);
  expect(second?.body).toMatchObject({
    tools: first?.body.tools,
    messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'user', content: [{ type: 'text' }] }],
  });
});

test('a tool that does not exist is answered with the names nearest to it', async () => {
  const engine = scripted([[started, invalid('web_fetch_url', 'there is no tool web_fetch_url'), ended], good]);
  const { ask } = await start(engine);
  await ask();
  expect(engine.asked[1] && textOf(engine.asked[1]).at(-1)).toContain(
    '- web_fetch_url: there is no tool web_fetch_url. Tools with the nearest names: WebFetch, ',
  );
});

test('several calls are asked for in one question', async () => {
  const two = [invalid('Edit', 'old_string is missing'), invalid('Edit', 'file_path must be a string, got 5')];
  const engine = scripted([[started, ...two, ended], good]);
  const { ask, health } = await start(engine);
  const { message } = await ask();
  expect(engine.asked[1] && textOf(engine.asked[1]).at(-1)).toMatch(/^user: These calls .*\n- Edit.*\n- Edit.*\nWrite/);
  expect(message.content).toHaveLength(1);
  expect(health()).toMatchObject({ reasked: 2, failed: 0 });
});

test('the answer may take what fits, and no more than the request allows', async () => {
  const long = [started, text('x'.repeat(14_000)), invalid('Edit', 'old_string is missing'), ended];
  const engine = scripted([bad, good]);
  await (await start(engine)).ask();
  expect(engine.asked.map(({ maxTokens }) => maxTokens)).toEqual([900, 900]);
  const narrow = scripted([long, good]);
  await (await start(narrow)).ask();
  expect(narrow.asked[1]?.maxTokens).toBeGreaterThan(0);
  expect(narrow.asked[1]?.maxTokens).toBeLessThan(900);
  const full = scripted([[started, text('x'.repeat(20_000)), ...long.slice(2)], good]);
  const { ask, health } = await start(full);
  const { message } = await ask();
  expect(message.content.at(-1)).toMatchObject({ type: 'tool_use', input: { file_path: '/a' } });
  expect([full.asked.length, health().failed]).toEqual([1, 1]);
});

test.each<[string, EngineEvent[]]>([
  ['fails', [{ type: 'failed', error: new GatewayError('engine_failed', 'It broke.') }]],
  ['is as bad', bad],
  ['is cut off', [started, text('Well'), { type: 'ended', reason: 'max_tokens' }]],
])('the client gets the call as it is when the second answer %s', async (what, second) => {
  const engine = scripted([bad, second]);
  const { ask, summary, health } = await start(engine);
  const { status, message } = await ask();
  expect(status).toBe(200);
  expect(message).toMatchObject({
    content: [
      { type: 'text', text: 'I edit.' },
      { type: 'tool_use', name: 'Edit', input: { file_path: '/a' } },
    ],
    stop_reason: 'tool_use',
  });
  expect(engine.asked).toHaveLength(2);
  expect(health()).toMatchObject({ reasked: 0, failed: 1 });
  expect(summary()).toMatchObject({ outcome: 'done', askedAgain: what === 'fails' ? { problem: 'It broke.' } : {} });
});

test('a template that refuses the second prompt is no failure', async () => {
  const engine = scripted([bad, good], {
    countTokens: ({ turns }) => {
      if (turns.length > 1) throw new GatewayError('engine_refused', 'Roles must alternate.');
      return 10;
    },
  });
  const { ask, summary } = await start(engine);
  expect((await ask()).message.stop_reason).toBe('tool_use');
  expect(engine.asked).toHaveLength(1);
  expect(summary()).toMatchObject({ outcome: 'done', askedAgain: { problem: 'Roles must alternate.' } });
});

test.each([
  ['it is switched off', false, {}],
  ['no tool was to be called', true, { tool_choice: { type: 'none' } }],
])('nobody is asked where %s', async (_, askAgain, more) => {
  const engine = scripted([bad, good]);
  const { ask, summary, health } = await start(engine, {}, askAgain);
  expect((await ask(more)).message.content).toMatchObject([{ type: 'text' }, { type: 'tool_use' }]);
  expect([engine.asked.length, health().failed, summary()?.askedAgain]).toEqual([1, 1, undefined]);
});

test('a client that leaves meanwhile aborts the second generation', async () => {
  const engine = scripted([bad, [started]]);
  const { gateway, post, summary } = await start(engine);
  const leaving = new AbortController();
  const response = post({ stream: true }, leaving.signal).then((answer) => answer.text());
  await expect.poll(() => engine.asked.length).toBe(2);
  expect(gateway.app.gateway.health().queue.running).toBe(1);
  leaving.abort();
  await expect(response).rejects.toThrow();
  await expect.poll(() => engine.asked[1]?.aborted).toBe(true);
  await expect.poll(() => summary()?.outcome).toBe('cancelled');
  expect(gateway.app.gateway.health().backends[0]?.slots.busy).toBe(0);
});

test('silence ends the asking and not the answer', async () => {
  const engine = scripted([bad, [started, text('Hm')]]);
  const timing = { keepAlive: 30, silenceTimeout: 100, firstTokenTimeout: 100 };
  const { gateway, post, events, summary } = await start(engine, timing);
  const bytes = await (await post({ stream: true })).text();
  const { problems } = lintSse(bytes);
  expect(problems).toEqual([]);
  expect(bytes).toContain('"stop_reason":"tool_use"');
  expect(bytes).not.toContain('Hm');
  await expect.poll(() => summary()?.outcome).toBe('done');
  expect(engine.asked[1]?.aborted).toBe(true);
  // The engine may still be at work: its slot is waited for.
  const released = events.find((event) => event.type === 'lease.released');
  expect(released).toMatchObject({ outcome: 'abandoned' });
  expect(gateway.app.gateway.health().backends[0]?.slots.busy).toBe(0);
});

test('the client sees life while the engine is asked again', async () => {
  const engine = scripted([[started, text('I edit.'), ...bad.slice(2)], [started]]);
  const { post } = await start(engine, { keepAlive: 30 });
  const leaving = new AbortController();
  const response = await post({ stream: true }, leaving.signal);
  const reader = response.body?.getReader();
  let seen = '';
  while ((seen.match(/event: ping/g) ?? []).length < 3) {
    const { value } = (await reader?.read()) ?? {};
    seen += Buffer.from(value ?? []).toString();
  }
  expect(seen).toContain('I edit.');
  expect(seen).not.toContain('tool_use');
  leaving.abort();
});
