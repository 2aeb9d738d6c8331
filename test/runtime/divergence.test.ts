/** A session through the gateway: what its client, its log and its engine are told of how each prompt goes on. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';

type Told = Extract<GatewayEvent, { type: 'session.turn' }>;

const rules = 'You are careful. '.repeat(400);
const tool = (name: string) => ({ name, description: 'Does it.', input_schema: { type: 'object' } });
const words = (role: string, content: string) => ({ role, content });
const base = { system: rules, tools: [tool('Bash')] };

async function say(gateway: TestGateway, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-session-id': 's1', ...headers },
    body: JSON.stringify({ model: 'default', max_tokens: 1_000, stream: true, ...body }),
  });
  const text = await response.text();
  const figures = [...text.matchAll(/"cache_read_input_tokens":(\d+)/g)].map(([, count]) => Number(count));
  const [, reused, total, cause] = /^(\d+)\/(\d+); (.*)$/.exec(response.headers.get('x-warmslot-prefix') ?? '') ?? [];
  return { reused: Number(reused), total: Number(total), cause, cacheRead: figures.at(-1) };
}

const turnsOf = ({ events }: TestGateway) => events.filter((event): event is Told => event.type === 'session.turn');

test('each turn says what of it the engine is expected to have, and why not more', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { engine: 'batched' } });
  const opening = [words('user', 'SAY:one')];
  const first = await say(gateway, { ...base, messages: opening });
  expect(first).toMatchObject({ reused: 0, cause: 'first turn of the session' });

  const longer = [...opening, words('assistant', 'one'), words('user', 'DELAY:30\nLONG:10')];
  const second = await say(gateway, { ...base, messages: longer });
  expect(second.cause).toBe('goes on from the last turn');
  expect(second.reused).toBeGreaterThan(0.9 * second.total);
  expect(Math.abs(second.reused - Number(second.cacheRead))).toBeLessThan(0.05 * second.total);

  const third = await say(gateway, { ...base, tools: [tool('Bash'), tool('Web')], messages: longer });
  expect(third).toMatchObject({ reused: 0, cause: 'tools changed: +1 -0 (+Web)' });

  const agent = await say(
    gateway,
    { ...base, messages: [words('user', 'SAY:hi')] },
    { 'x-claude-code-agent-id': 'a1' },
  );
  expect(agent.cause).toBe('first turn of the agent');
  expect((await say(gateway, { messages: opening, max_tokens: 1 })).cause).toBe('a side request');

  const [, , changed] = turnsOf(gateway);
  expect(turnsOf(gateway).map(({ lineage, turn }) => [lineage, turn])).toEqual([
    ['s1/main', 1],
    ['s1/main', 2],
    ['s1/main', 3],
    ['s1/a1', 1],
    ['s1/auxiliary', 1],
  ]);
  expect(changed?.sharedBytes).toBeGreaterThan(rules.length);
  expect(changed?.lostTokens).toBeGreaterThan(0);
  expect(changed?.lostTokens).toBeLessThan(third.total / 2);
});

test('an answer the client wrote anew is told, with the call it belongs to', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { engine: 'batched' } });
  const opening = [words('user', 'TOOL:Bash:{"description": "look", "command": "ls"}')];
  await say(gateway, { ...base, messages: opening });
  const id = /toolu_\w+/.exec(JSON.stringify(gateway.messages()[0]?.pieces.map(({ bytes }) => bytes.toString())))?.[0];
  const call = { type: 'tool_use', id, name: 'Bash', input: { command: 'ls', description: 'look' } };
  const echoed = [
    ...opening,
    { role: 'assistant', content: [call] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'SAY:seen' }] },
  ];
  const { cause } = await say(gateway, { ...base, messages: echoed });
  expect(cause).toBe('history rewritten by the client: order of the keys of a Bash call (message 2)');
});

test('an engine that keeps system text and tools alone is named as the cause', async () => {
  const { gateway } = await startGatewayOnFake();
  const opening = [words('user', `SAY:one\n${'history '.repeat(500)}`)];
  await say(gateway, { ...base, messages: opening });
  const second = await say(gateway, {
    ...base,
    messages: [...opening, words('assistant', 'one'), words('user', 'SAY:two')],
  });
  expect(second.cause).toBe('the engine keeps system text and tools alone');
  expect(second.reused).toBeGreaterThan(0.3 * second.total);
});

test('a stream that opens while it waits for the slot, and an answer in one piece, say it too', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { decodeMs: 10 }, timing: { openAfter: 20 } });
  await say(gateway, { ...base, messages: [words('user', 'SAY:one')] });
  const long = say(gateway, { ...base, messages: [words('user', 'LONG:60')] }, { 'x-claude-code-agent-id': 'a1' });
  await engine.waitFor(() => engine.running() === 1);
  const waited = await say(gateway, { ...base, messages: [words('user', 'SAY:two')] });
  expect(waited.cause).toBe('another conversation');
  expect(waited.reused).toBeGreaterThan(0);
  await long;
  const whole = await say(gateway, { ...base, messages: [words('user', 'SAY:three')], stream: false });
  expect(whole.cause).toBe('another conversation');
});

test('an engine that lost what it held is told with its own figures', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { engine: 'batched' } });
  const opening = [words('user', 'SAY:one')];
  await say(gateway, { ...base, messages: opening });
  await fetch(`${engine.url}/v1/cache`, { method: 'DELETE' });
  const second = await say(gateway, {
    ...base,
    messages: [...opening, words('assistant', 'one'), words('user', 'DELAY:30\nLONG:10')],
  });
  expect(second).toMatchObject({ cause: 'goes on from the last turn', cacheRead: 0 });
  await expect
    .poll(() => gateway.events.find(({ type }) => type === 'session.shortfall'))
    .toMatchObject({
      lineage: 's1/main',
      cachedTokens: 0,
      cause: 'the engine had less of it than it was believed to hold',
    });
});

test('a client learns nothing of what another one sent under the same session id', async () => {
  const keys = ['ana', 'bob'].map((name) => ({ name, key: `key of ${name}` }));
  const { gateway } = await startGatewayOnFake({ config: { server: { apiKeys: keys } } });
  const [ana, bob] = keys.map(({ key }) => ({ 'x-api-key': key }));
  const turn = { ...base, messages: [words('user', 'SAY:one')] };
  await say(gateway, { ...turn, tools: [tool('Bash'), tool('Secret')] }, ana);
  expect((await say(gateway, turn, bob)).cause).toBe('first turn of the session');
  expect((await say(gateway, { ...turn, tools: [] }, ana)).cause).toBe('tools changed: +0 -2 (-Bash -Secret)');
});

test('the log says it at debug level 2, and nothing of what was said', async () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const { gateway } = await startGatewayOnFake({ config: { debug: { level: 2 } }, log });
  await say(gateway, { ...base, messages: [words('user', 'SAY:secret plan')] });
  await say(gateway, { ...base, system: `${rules}More.`, messages: [words('user', 'SAY:secret plan')] });
  const told = lines.filter((line) => line.includes('"session.turn"')).map((line) => JSON.parse(line));
  expect(told).toMatchObject([
    { cause: 'first turn of the session', turn: 1 },
    { cause: 'another system text', turn: 2, lineage: 's1/main' },
  ]);
  expect(lines.join()).not.toContain('secret');
});
