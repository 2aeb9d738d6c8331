/** The official TypeScript SDK, all its ways of reading an answer: none may throw over a good one, each throws over a bad one. */
import Anthropic, {
  APIConnectionError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
} from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReplySegment } from '../support/fake-vllm-mlx.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { bash, call, say, script, slowly, think, words } from './script.ts';

const model = 'claude-opus-5-5';
const readTool = {
  name: 'Read',
  description: 'Reads a file.',
  input_schema: { type: 'object' as const, properties: { file_path: { type: 'string' } } },
};

const clientOf = ({ url }: TestGateway, authToken = 'local-test') =>
  new Anthropic({ baseURL: url, authToken, apiKey: null, maxRetries: 0 });

const question = (content: string) => ({
  model,
  max_tokens: 4096,
  tools: [readTool],
  messages: [{ role: 'user' as const, content }],
});

const segment: fc.Arbitrary<ReplySegment> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string({ unit: 'grapheme', minLength: 1 }) }),
  fc.record({ type: fc.constant('thinking' as const), text: fc.string({ unit: 'grapheme', minLength: 1 }) }),
  fc.record({
    type: fc.constant('tool' as const),
    name: fc.constant('Read'),
    arguments: fc
      .dictionary(fc.constantFrom('file_path', 'limit'), fc.string({ unit: 'grapheme' }))
      .map((input) => JSON.stringify(input)),
    form: fc.constant('hermes' as const),
  }),
);

test('check 6: fifty varied replies, read in three ways, say the same', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const client = clientOf(gateway);
  const replies = fc.sample(fc.array(segment, { minLength: 1, maxLength: 5 }), { numRuns: 50, seed: 6 });
  for (const [n, segments] of replies.entries()) {
    engine.script = () => ({ segments });
    const body = question(`question ${n}`);
    const folded = await client.messages.create(body);
    const accumulated = await client.messages.stream(body, { headers: { 'cache-control': 'no-cache' } }).finalMessage();
    let text = '';
    const raw = await client.messages.create({ ...body, stream: true }, { headers: { 'cache-control': 'no-cache' } });
    for await (const event of raw) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    }
    expect(withoutIds(accumulated.content)).toEqual(withoutIds(folded.content));
    expect(accumulated.stop_reason).toBe(folded.stop_reason);
    expect(textOf(accumulated.content)).toBe(text);
  }
});

test('the beta stream and the plain one agree', async () => {
  const { gateway } = await startGatewayOnFake();
  const prompt = script([think('Hm.'), say('I read it.'), call('Read', { file_path: '/a' })]);
  const beta = await clientOf(gateway).beta.messages.stream(question(prompt)).finalMessage();
  expect(beta.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use']);
  expect(beta.stop_reason).toBe('tool_use');
});

test('tokens are counted', async () => {
  const { gateway } = await startGatewayOnFake();
  const { max_tokens: _, ...body } = question('How long is this?');
  const short = await clientOf(gateway).messages.countTokens(body);
  const long = await clientOf(gateway).messages.countTokens({ ...body, system: 'word '.repeat(1_000) });
  expect(short.input_tokens).toBeGreaterThan(0);
  expect(long.input_tokens - short.input_tokens).toBeGreaterThan(500);
});

test('models are listed page by page, and found by id', async () => {
  const { gateway } = await startGatewayOnFake();
  const client = clientOf(gateway);
  const ids: string[] = [];
  for await (const { id } of client.models.list({ limit: 2 })) ids.push(id);
  expect(ids).toContain('anthropic-local');
  expect(ids.some((id) => id.startsWith('claude-'))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect((await client.models.retrieve(id)).id).toBe(id);
});

test('errors are of the right class', async () => {
  const { gateway, engine } = await startGatewayOnFake({
    backend: { contextWindow: 1_024 },
    config: { server: { apiKey: 'the right one' } },
  });
  const client = clientOf(gateway, 'the right one');
  const create = (body: object) => client.messages.create({ ...question('hi'), ...body });

  await expect(clientOf(gateway, 'a wrong one').messages.create(question('hi'))).rejects.toThrow(AuthenticationError);
  await expect(create({ model: 'nope' })).rejects.toThrow(NotFoundError);
  await expect(create({ max_tokens: -1 })).rejects.toThrow(BadRequestError);
  await expect(create({ messages: [] })).rejects.toThrow(BadRequestError);
  await expect(create({ system: 'word '.repeat(4_000) })).rejects.toThrow(
    /prompt is too long: \d+ tokens > 1024 maximum/,
  );
  engine.quirks.status500 = true;
  await expect(create({})).rejects.toThrow(InternalServerError);
});

test('an engine that dies in the middle of a stream is an error of every reader', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { resetAfter: { chunks: 10 } } });
  const client = clientOf(gateway);
  await expect(client.messages.stream(question(words(50))).finalMessage()).rejects.toThrow(/broke off/);
  const raw = await client.messages.create({ ...question(words(50)), stream: true });
  await expect(Array.fromAsync(raw)).rejects.toThrow(/broke off/);
  await expect(client.messages.create(question(words(50)))).rejects.toThrow(InternalServerError);
});

test('aborting a stream stops the engine', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const stream = clientOf(gateway).messages.stream(question(script([slowly(20), words(2_000)])));
  stream.once('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toThrow();
  await engine.waitFor(() => engine.running() === 0);
  expect(engine.chats()[0]?.aborted).toBe(true);
});

test('the tool runner runs a loop on the whole conversation', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const asked: string[] = [];
  const read = betaTool({
    name: 'Read',
    description: 'Reads a file.',
    inputSchema: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
    run: ({ file_path }) => {
      asked.push(file_path);
      return `content of ${file_path}`;
    },
  });
  const prompt = script(
    [call('Read', { file_path: '/a' })],
    [say('And another.'), call('Read', { file_path: '/b' }), call('Read', { file_path: '/c' })],
    [say('All read.')],
  );
  const last = await clientOf(gateway).beta.messages.toolRunner({
    model,
    max_tokens: 1_000,
    tools: [read],
    messages: [{ role: 'user', content: prompt }],
  });
  expect(asked).toEqual(['/a', '/b', '/c']);
  expect(textOf(last.content)).toBe('All read.');
  const threads = gateway.messages().filter(({ body }) => body.thread !== undefined && body.thread !== null);
  expect(threads.map(({ status }) => status)).toEqual([400]);
  // Nothing was kept on a server: the engine saw everything each time.
  expect(JSON.stringify(engine.chats().at(-1)?.body.messages)).toContain('content of /a');
});

test('a gateway that is gone is a connection error', async () => {
  const client = new Anthropic({ baseURL: 'http://127.0.0.1:1', authToken: 'x', apiKey: null, maxRetries: 0 });
  await expect(client.messages.create(question(bash('ls')))).rejects.toThrow(APIConnectionError);
});

function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}

function withoutIds(content: readonly object[]): object[] {
  return content.map((block) => ('id' in block ? { ...block, id: '' } : block));
}
