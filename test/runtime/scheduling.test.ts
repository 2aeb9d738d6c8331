/** What the order of service does for clients, through the whole gateway: who is told to come back, who runs where and when. */
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import { startApp } from '../support/app.ts';
import type { ConfigInput } from '../support/gateway.ts';
import { liveClient } from '../support/live-client.ts';
import { answer, call, type PlayedEngine, playedEngine } from '../support/played-engine.ts';

async function start(engines: Readonly<Record<string, PlayedEngine>>, config: ConfigInput) {
  const gateway = await startApp(config, {
    backends: {
      openai: (options, deps) => {
        const engine = engines[options.name];
        if (!engine) throw new Error(`no engine ${options.name}`);
        return engine.create(options, deps);
      },
    },
  });
  onTestFinished(() => gateway.close());
  const events: GatewayEvent[] = [];
  gateway.app.gateway.events.on((event) => events.push(event));
  return {
    events,
    ask: (session: string, more: object = {}) =>
      liveClient(gateway.url, { ...body, messages: said(`Hello from ${session}`), ...more }, named(session)),
    waiting: (count: number) =>
      expect.poll(() => gateway.app.gateway.health().queue.waiting, { interval: 10 }).toBe(count),
  };
}

const said = (...texts: readonly string[]) =>
  texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
const named = (session: string) => ({ 'x-claude-code-session-id': session });
const body = { model: 'default', max_tokens: 900, tools: [{ name: 'Bash', input_schema: { type: 'object' } }] };
const address = { type: 'openai' as const, baseUrl: 'http://127.0.0.1:1' };

test.each([
  ['maxWaiting', { maxWaiting: 1 }],
  ['maxWaitingPerClient', { maxWaitingPerClient: 1 }],
])('beyond %s a client is told in how many seconds to come back', async (_, scheduling) => {
  const engine = playedEngine();
  const { ask, waiting } = await start({ one: engine }, { backends: { one: address }, scheduling });
  ask('s1');
  await engine.generation(1);
  ask('s2');
  await waiting(1);
  const refused = ask('s3');
  const response = await refused.response;
  expect(response.status).toBe(529);
  expect(await refused.body).toContain('"type":"overloaded_error"');
  const seconds = Number(response.headers.get('retry-after'));
  expect(Number.isInteger(seconds)).toBe(true);
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(60);
});

test('one that would wait longer than is allowed is not let in at all', async () => {
  const engine = playedEngine();
  const scheduling = { maxWaitSeconds: 1 };
  const { ask } = await start({ one: engine }, { backends: { one: address }, scheduling });
  ask('s1');
  await engine.generation(1);
  expect((await ask('s2').response).status).toBe(529);
});

const title = { tools: [], max_tokens: 100 };

test('side requests go to the engine that is there for them, and nobody else does', async () => {
  const [main, side] = [playedEngine(), playedEngine()];
  const backends = { main: address, side: { ...address, use: 'auxiliary' as const } };
  const { ask } = await start({ main, side }, { backends });
  ask('s1');
  (await main.generation(1)).say(...answer);
  const forTitle = ask('s1', title);
  (await side.generation(1)).say(...answer);
  expect((await forTitle.response).headers.get('x-warmslot-backend')).toBe('side');
  ask('s2');
  await main.generation(2);
  expect(side.generations).toHaveLength(1);
});

test('an engine for side requests that is the only one does everything', async () => {
  const side = playedEngine();
  const { ask } = await start({ side }, { backends: { side: { ...address, use: 'auxiliary' } } });
  ask('s1');
  (await side.generation(1)).say(...answer);
});

test('equal engines with one model are one pool, and a lineage stays where it is warm', async () => {
  const engines = { left: playedEngine(), right: playedEngine() };
  const { ask } = await start(engines, { backends: { left: address, right: address } });
  ask('s1');
  (await engines.left.generation(1)).say(...answer);
  ask('s2', { system: 'Another prompt.' });
  (await engines.right.generation(1)).say(...answer);
  const next = ask('s2', { system: 'Another prompt.', messages: said('Hello from s2', 'Hi', 'And now?') });
  (await engines.right.generation(2)).say(...answer);
  await next.body;
  expect(engines.left.generations).toHaveLength(1);
});

test('after a tool call the slot is kept for the lineage, and the log says why', async () => {
  const engine = playedEngine();
  const { ask, waiting, events } = await start({ one: engine }, { backends: { one: address } });
  const system = 'A long prompt. '.repeat(700);
  const first = ask('s1', { system });
  await engine.generation(1);
  ask('s2', { system: 'Another prompt.' });
  await waiting(1);
  const joined = events.filter((event) => event.type === 'queue.joined');
  expect(joined.at(-1)).toMatchObject({ waiting: 1, place: 1, startsInMs: expect.any(Number) });
  // An engine that had it all tells nothing of its speed: a prefill stays as slow as is assumed.
  (await engine.generation(1)).say({ type: 'usage', promptTokens: 2_500, cachedTokens: 2_500 }, ...call);
  await first.body;
  const id = /"id":"(toolu_[^"]+)"/.exec(first.seen())?.[1] ?? '';
  ask('s1', {
    system,
    messages: [
      ...said('Hello from s1'),
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'Bash', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'done' }] },
    ],
  });
  const second = await engine.generation(2);
  expect(JSON.stringify(second.prompt.system)).toContain('A long prompt.');
  const granted = events.filter((event) => event.type === 'lease.granted');
  expect(granted.at(-1)).toMatchObject({ lease: { reason: 'the slot was kept for it' } });
  expect(events.filter((event) => event.type === 'slot.held')).toHaveLength(1);
  second.say(...answer);
  expect(JSON.stringify((await engine.generation(3)).prompt.system)).toContain('Another prompt.');
});
