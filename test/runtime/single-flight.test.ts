/** The same asked twice at the same time: what reaches each client, and what the engine was asked. */
import { expect, test } from 'vitest';
import type { Message } from '../../src/protocol/anthropic/events.ts';
import { playedEngine } from '../support/played-engine.ts';
import { lintSse } from '../support/sse-lint.ts';
import { body, broken, call, ended, start, started, text, told } from './single-flight-harness.ts';

test('who asks the same while it is answered hears it from its beginning and goes on live', async () => {
  const { ask, engine, joined, finished, leftNothing, health } = await start();
  const first = ask();
  const generation = await engine.generation(1);
  generation.say(started, { type: 'thinking', text: 'Hm. ' });
  generation.say({ type: 'thinking', text: 'Well.' }, text('I '), text('read'));
  await first.sees('read');
  const second = ask();
  await second.sees('I read');
  expect(second.seen()).toContain('"thinking":"Hm. Well."');
  generation.say(text(' it.'), ...call.slice(0, 2));
  await Promise.all([first.sees('/the'), second.sees('/the')]);
  const third = ask();
  await third.sees('I read it.');
  generation.say(...call.slice(2), ended);
  const messages = (await Promise.all([first, second, third].map((client) => client.body))).map(told);
  expect(messages[0]).toMatchObject({ content: [{ type: 'thinking' }, { text: 'I read it.' }, { type: 'tool_use' }] });
  expect(messages.slice(1)).toEqual([messages[0], messages[0]]);
  const cache = async (client: typeof first) => (await client.response).headers.get('x-warmslot-cache');
  expect(await Promise.all([first, second, third].map(cache))).toEqual(['miss', 'joined', 'joined']);
  expect([engine.generations.length, joined()]).toEqual([1, 2]);
  await leftNothing();
  expect(
    finished()
      .map(({ cache, outcome }) => `${cache} ${outcome}`)
      .sort(),
  ).toEqual(['joined done', 'joined done', 'miss done']);
  expect(health().prefix_cache.misses + health().prefix_cache.hits).toBe(1);
});

test('clients that were there before the first word get the same bytes', async () => {
  const { ask, engine, joined } = await start();
  const clients = [ask(), ask()];
  const generation = await engine.generation(1);
  await expect.poll(joined).toBe(1);
  for (const event of [started, text('I read'), text(' it.'), ...call, ended]) generation.say(event);
  const [one, two] = await Promise.all(clients.map((client) => client.body));
  expect(one).toBe(two);
  expect(told(one ?? '').content).toHaveLength(2);
});

test.each([
  ['a stream', 'one piece', true],
  ['one piece', 'a stream', false],
])('an answer begun as %s for a client that has left is finished as %s', async (_, __, stream) => {
  const { ask, engine, joined, leftNothing, deserted } = await start();
  const first = ask({ stream });
  const generation = await engine.generation(1);
  generation.say(started, text('I read'));
  first.leave();
  await deserted();
  const twin = ask({ stream: !stream });
  await expect.poll(joined).toBe(1);
  generation.say(text(' it.'), ...call, ended);
  const bytes = await twin.body;
  const message = stream ? (JSON.parse(bytes) as Message) : told(bytes);
  expect(message.content).toMatchObject([{ text: 'I read it.' }, { name: 'Read', input: { file_path: '/the/file' } }]);
  expect([engine.generations.length, generation.aborted]).toEqual([1, false]);
  await leftNothing();
});

test('one that has joined and leaves leaves the others alone', async () => {
  const { ask, engine, leftNothing, finished } = await start();
  const first = ask();
  const generation = await engine.generation(1);
  generation.say(started, text('I'));
  const second = ask();
  await second.sees('"I"');
  second.leave();
  await expect.poll(() => finished().map(({ cache, outcome }) => `${cache} ${outcome}`)).toEqual(['joined cancelled']);
  generation.say(text(' read.'), ended);
  expect(told(await first.body).content).toMatchObject([{ text: 'I read.' }]);
  await leftNothing();
});

test('a failure before the first byte reaches everybody as a status', async () => {
  const { ask, engine, joined, leftNothing } = await start();
  const clients = [ask(), ask({ stream: false })];
  const generation = await engine.generation(1);
  await expect.poll(joined).toBe(1);
  generation.say(broken);
  const responses = await Promise.all(clients.map((client) => client.response));
  expect(responses.map(({ status }) => status)).toEqual([502, 502]);
  const ids = responses.map(({ headers }) => headers.get('request-id'));
  const bodies = await Promise.all(clients.map(async (client) => JSON.parse(await client.body)));
  expect(bodies.map(({ request_id }) => request_id)).toEqual(ids);
  await leftNothing();
});

test('a failure inside the answer reaches everybody in their own form', async () => {
  const { ask, engine, joined, leftNothing } = await start();
  const stream = ask();
  const generation = await engine.generation(1);
  generation.say(started, text('I'));
  const late = ask();
  await late.sees('"I"');
  const piece = ask({ stream: false });
  await expect.poll(joined).toBe(2);
  generation.say(broken);
  for (const client of [stream, late]) {
    expect(lintSse(await client.body).problems).toEqual([]);
    expect(client.seen()).toMatch(/event: error\ndata: .*it broke.*\n\n$/);
  }
  expect((await piece.response).status).toBe(502);
  await leftNothing();
});

test('a request whose client has left falls back for those who joined it', async () => {
  const engine = playedEngine();
  const backends = {
    one: { type: 'openai', baseUrl: 'http://127.0.0.1:1', priority: 1 },
    two: { type: 'openai', baseUrl: 'http://127.0.0.1:2', priority: 2 },
  } as const;
  const { ask, joined, leftNothing, deserted } = await start({ engine, config: { backends } });
  const first = ask();
  const generation = await engine.generation(1);
  first.leave();
  await deserted();
  const second = ask();
  await expect.poll(joined).toBe(1);
  generation.say(broken);
  (await engine.generation(2)).say(started, text('From the other.'), ended);
  expect(told(await second.body).content).toMatchObject([{ text: 'From the other.' }]);
  expect((await second.response).headers.get('x-warmslot-backend')).toBe('two');
  await leftNothing();
});

const keys = [
  { name: 'ana', key: 'a' },
  { name: 'ben', key: 'b' },
];
const asAna = { 'x-api-key': 'a', 'x-claude-code-session-id': 's1' };

test.each<[string, object, Record<string, string>]>([
  ['another client', {}, { ...asAna, 'x-api-key': 'b' }],
  ['another session', {}, { ...asAna, 'x-claude-code-session-id': 's2' }],
  ['another agent', {}, { ...asAna, 'x-claude-code-agent-id': 'a1' }],
  ['a client that wants a fresh answer', {}, { ...asAna, 'cache-control': 'no-cache' }],
  ['another temperature', { temperature: 0.1 }, asAna],
  ['another limit', { max_tokens: 901 }, asAna],
])('%s joins nobody', async (_, more, headers) => {
  const { ask, engine, health, joined } = await start({ config: { server: { apiKeys: keys } } });
  const first = ask({}, asAna);
  const generation = await engine.generation(1);
  const second = ask(more, headers);
  await expect.poll(() => health().queue.waiting).toBe(1);
  expect(joined()).toBe(0);
  generation.say(started, text('One.'), ended);
  (await engine.generation(2)).say(started, text('Two.'), ended);
  expect(told(await first.body).content).toMatchObject([{ text: 'One.' }]);
  expect(told(await second.body).content).toMatchObject([{ text: 'Two.' }]);
});

test('nobody joins who cannot be joined: a fresh answer is one client’s own', async () => {
  const { ask, engine, health } = await start();
  const fresh = ask({}, { 'cache-control': 'no-cache' });
  const one = await engine.generation(1);
  const second = ask();
  await expect.poll(() => health().queue.waiting).toBe(1);
  one.say(started, text('One.'), ended);
  (await engine.generation(2)).say(started, text('Two.'), ended);
  expect(told(await fresh.body).content).toMatchObject([{ text: 'One.' }]);
  expect(told(await second.body).content).toMatchObject([{ text: 'Two.' }]);
});

test('while nothing is said everybody is shown life', async () => {
  const { ask, engine, joined } = await start({ timing: { openAfter: 20, keepAlive: 30 } });
  const clients = [ask({ stream: false }), ask()];
  const generation = await engine.generation(1);
  await expect.poll(joined).toBe(1);
  await clients[1]?.sees('event: ping');
  const late = ask();
  await late.sees('event: ping');
  generation.say(started, text('At last.'), ended);
  const [piece, one, two] = await Promise.all([...clients, late].map((client) => client.body));
  const messages = [JSON.parse(piece ?? '') as Message, told(one ?? ''), told(two ?? '')];
  expect(messages.map(({ id }) => id)).toEqual(messages.map(() => messages[0]?.id));
  for (const { content } of messages) expect(content).toMatchObject([{ text: 'At last.' }]);
});

test('one who does not read holds up nobody else, and misses nothing', async () => {
  const { ask, url, engine, leftNothing } = await start();
  const asked = fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const generation = await engine.generation(1);
  // More than the sockets of both ends hold.
  const megabytes = text('words '.repeat(700_000));
  generation.say(started, megabytes);
  const slow = await asked;
  await expect.poll(() => generation.paused).toBe(true);
  const quick = ask();
  await quick.sees('words');
  await expect.poll(() => generation.paused).toBe(false);
  generation.say(megabytes, ended);
  const message = told(await quick.body);
  expect(told(await slow.text())).toEqual(message);
  expect(message.content).toMatchObject([{ text: 'words '.repeat(1_400_000) }]);
  await leftNothing();
});
