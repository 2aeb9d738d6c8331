/** An engine that has nothing to do, in front of it a gateway that knows what will be asked for next. */
import { expect, onTestFinished, test } from 'vitest';
import type { CreateBackend } from '../../src/backends/types.ts';
import { createVllmMlxBackend } from '../../src/backends/vllm-mlx/index.ts';
import { type RecordedRequest, recordTrace } from '../../src/runtime/record.ts';
import type { Timing } from '../../src/runtime/timing.ts';
import { startApp } from '../support/app.ts';
import { type Quirks, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { type ConfigInput, startGateway, type TestGateway } from '../support/gateway.ts';

const rules = (name: string, times = 300) => `You are ${name} and careful. `.repeat(times);
const tools = [{ name: 'Bash', description: 'Runs it.', input_schema: { type: 'object' } }];
const user = (content: string) => ({ role: 'user', content });

interface Asked {
  readonly system?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function ask(
  { url }: Pick<TestGateway, 'url'>,
  text: string,
  { system = rules('main'), headers, signal }: Asked = {},
) {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-session-id': 's1', ...headers },
    body: JSON.stringify({ model: 'default', max_tokens: 999, stream: true, system, tools, messages: [user(text)] }),
    ...(signal ? { signal } : {}),
  });
  const body = await response.text();
  const read = [...body.matchAll(/"cache_read_input_tokens":(\d+)/g)].map(([, count]) => Number(count));
  return { body, cacheRead: read.at(-1) ?? 0 };
}

const quick: Partial<Timing> = { healthInterval: 50, warmUp: 20, warmUpStubborn: 40, warmUpAwaited: 30 };

/** An engine, and what a gateway in front of it is built of. */
async function startEngine(quirks: Partial<Quirks>) {
  const engine = await startFakeVllmMlx({ slots: 1, ...quirks });
  onTestFinished(() => engine.close());
  let life = 1;
  // The real epoch is told by an uptime that went back, for which an engine has to have been up for a while.
  const create: CreateBackend = (options, deps) => {
    const backend = createVllmMlxBackend(options, deps);
    return { ...backend, probe: async (signal) => ({ ...(await backend.probe(signal)), epoch: `life ${life}` }) };
  };
  /** Between two probes: one that it cut short would have the engine taken for dead for some seconds. */
  const restart = async () => {
    const seen = engine.requests.length;
    await engine.waitFor(() => engine.requests.slice(seen).some(({ path }) => path === '/v1/cache/stats'));
    await (await fetch(`${engine.url}/health`)).text();
    await engine.restart();
    life++;
  };
  const backends = { mlx: { type: 'vllm-mlx', baseUrl: engine.url, slots: engine.quirks.slots } } as const;
  return { engine, restart, backends, deps: { timing: quick, backends: { 'vllm-mlx': create } } };
}

async function start(quirks: Partial<Quirks>, scheduling: ConfigInput['scheduling'] = { warmUp: true }) {
  const { engine, restart, backends, deps } = await startEngine(quirks);
  const gateway = await startGateway({ backends, scheduling }, deps);
  const told = () => gateway.events.flatMap((event) => (event.type === 'warmUp.ended' ? [event.outcome] : []));
  const sees = (what: () => unknown) => expect.poll(what, { timeout: 10_000, interval: 10 });
  const running = () => gateway.app.gateway.backends.map((handle) => handle.running);
  return { gateway, engine, told, sees, restart, running };
}

test.each(['simple', 'batched'] as const)(
  'a %s engine that was started anew has the prefix before anybody asks for it',
  async (engineType) => {
    const { gateway, engine, told, sees, restart } = await start({ engine: engineType });
    const recorded: RecordedRequest[] = [];
    recordTrace(gateway.app.gateway.events, (request) => recorded.push(request));
    await ask(gateway, 'SAY:one');
    await restart();
    await sees(told).toEqual(['done']);
    const [first, warmUp] = engine.chats();
    const hi = [{ role: 'system', content: rules('main') }, user('Hi')];
    expect(warmUp?.body).toMatchObject({ max_tokens: 1, stream: true, messages: hi });
    expect(warmUp?.body.tools).toEqual(first?.body.tools);

    const health = gateway.app.gateway.health();
    expect(health.queue).toEqual({ waiting: 0, running: 0 });
    expect(health.sessions).toBe(1);
    expect(health.prefix_cache).toMatchObject({ hits: 0, misses: 1 });

    const { cacheRead } = await ask(gateway, 'SAY:two');
    const next = engine.chats()[2];
    expect(next?.cachedTokens).toBeGreaterThan(0.9 * (next?.promptTokens ?? 0));
    expect(cacheRead).toBeGreaterThan(0.8 * (next?.promptTokens ?? 0));
    expect(engine.chats()).toHaveLength(3);
    expect(recorded).toHaveLength(2);
  },
);

test('main agents come before subagents, side requests not at all', async () => {
  const { gateway, engine, told, sees, restart } = await start({ engine: 'batched' });
  await ask(gateway, 'SAY:main');
  await ask(gateway, 'SAY:agent', { system: rules('agent'), headers: { 'x-claude-code-agent-id': 'a1' } });
  const side = { 'x-claude-code-request-class': 'auxiliary' };
  await ask(gateway, 'SAY:title', { system: rules('title'), headers: side });
  await restart();
  await sees(told).toEqual(['done', 'done']);
  const [, , , first, second] = engine.chats();
  expect(JSON.stringify(first?.body.messages)).toContain(rules('main'));
  expect(JSON.stringify(second?.body.messages)).toContain(rules('agent'));
});

test('real work with another prefix is served at once, and nothing is left of the warm-up', async () => {
  const { gateway, engine, told, sees, restart, running } = await start({ engine: 'batched' });
  await ask(gateway, 'SAY:one', { system: rules('main', 1_500) });
  engine.quirks.prefillMsPerKiloToken = 200;
  await restart();
  await engine.waitFor(() => engine.chats().length === 2);
  expect((await ask(gateway, 'SAY:now', { system: 'Short.' })).body).toContain('now');
  await sees(told).toContain('dropped');
  expect(engine.chats()[1]?.aborted).toBe(true);
  await sees(running).toEqual([0]);
});

test('real work with the same prefix goes on from what the warm-up does', async () => {
  const { gateway, engine, told, restart } = await start({ engine: 'batched', prefillMsPerKiloToken: 300 });
  await ask(gateway, 'SAY:one');
  await restart();
  await engine.waitFor(() => engine.chats().length === 2);
  const { cacheRead } = await ask(gateway, 'SAY:two');
  expect(told()).toEqual(['done']);
  expect(cacheRead).toBeGreaterThan(1_000);
  expect(engine.chats()).toHaveLength(3);
});

test('a prompt that was given up leaves its prefix behind', async () => {
  const { gateway, engine, told, sees } = await start({ engine: 'batched', prefillMsPerKiloToken: 200 });
  const leaving = new AbortController();
  const system = rules('main', 1_500);
  const left = ask(gateway, 'SAY:never', { system, signal: leaving.signal }).catch(() => 'left');
  await engine.waitFor(() => engine.running() === 1);
  engine.quirks.prefillMsPerKiloToken = 0;
  leaving.abort();
  expect(await left).toBe('left');
  await sees(told).toEqual(['done']);
  expect((await ask(gateway, 'SAY:again', { system })).cacheRead).toBeGreaterThan(1_000);
});

test.each([
  ['HEAD', '/'],
  ['GET', '/v1/models'],
])(
  '%s %s is the sign of a client whose prompt will follow: its prefix may take the place of another',
  async (method, path) => {
    const { gateway, engine, told, sees } = await start({ prefixSlots: 1 });
    await ask(gateway, 'SAY:main');
    await ask(gateway, 'SAY:agent', { system: rules('agent'), headers: { 'x-claude-code-agent-id': 'a1' } });
    expect(engine.chats()).toHaveLength(2);
    await fetch(gateway.url + path, { method });
    await sees(told).toEqual(['done']);
    expect((await ask(gateway, 'SAY:again')).cacheRead).toBeGreaterThan(1_000);
    expect(engine.chats().at(-1)?.cachedTokens).toBeGreaterThan(1_000);
  },
);

test('a prefix that the engine failed on is not tried again before somebody asks for it', async () => {
  const { gateway, engine, told, sees, restart } = await start({ engine: 'batched' });
  await ask(gateway, 'SAY:one');
  engine.quirks.status500 = true;
  await restart();
  await sees(told).toEqual(['failed']);
  engine.quirks.status500 = false;
  await fetch(gateway.url, { method: 'HEAD' });
  await ask(gateway, 'SAY:two');
  await restart();
  await sees(told).toEqual(['failed', 'done']);
  expect(engine.chats()).toHaveLength(4);
});

test('a gateway that closes gives it up', async () => {
  const { engine, restart, backends, deps } = await startEngine({ engine: 'batched' });
  const { url, close } = await startApp({ backends, scheduling: { warmUp: true } }, deps);
  await ask({ url }, 'SAY:one');
  engine.quirks.prefillMsPerKiloToken = 60_000;
  await restart();
  await engine.waitFor(() => engine.chats().length === 2);
  await close();
  await engine.waitFor(() => engine.chats()[1]?.aborted === true);
});

test('an owner who does not want it gets none', async () => {
  const { gateway, engine, sees, restart } = await start({ engine: 'batched' }, { warmUp: false });
  await ask(gateway, 'SAY:one');
  await restart();
  await sees(() => gateway.events.some(({ type }) => type === 'engine.restarted')).toBe(true);
  await fetch(gateway.url, { method: 'HEAD' });
  const seen = engine.requests.length;
  await engine.waitFor(() => engine.requests.slice(seen).filter(({ path }) => path === '/health').length >= 3);
  expect(engine.chats()).toHaveLength(1);
});
