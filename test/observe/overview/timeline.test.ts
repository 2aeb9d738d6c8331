/** What the timeline and the clients' shares say of slots that are held, waited for, warmed up, and of two people. */
import { expect, onTestFinished, test } from 'vitest';
import type { EngineInfo } from '../../../src/backends/types.ts';
import type { Overview, Span } from '../../../src/observe/overview/types.ts';
import { startApp } from '../../support/app.ts';
import type { ConfigInput } from '../../support/gateway.ts';
import { liveClient } from '../../support/live-client.ts';
import { answer, call, playedEngine } from '../../support/played-engine.ts';

const tools = [{ name: 'Bash', input_schema: { type: 'object' } }];

async function start(config: ConfigInput = {}, patch: Partial<EngineInfo> = {}, key = 'ana-key') {
  const idle = Promise.withResolvers<void>();
  const engine = playedEngine(patch);
  const gateway = await startApp(
    { backends: { one: { type: 'vllm-mlx', baseUrl: 'http://127.0.0.1:1' } }, ...config },
    {
      backends: { 'vllm-mlx': (options, deps) => ({ ...engine.create(options, deps), idle: () => idle.promise }) },
      timing: { warmUp: 10 },
    },
  );
  onTestFinished(() => gateway.close());
  const overview = async () => {
    const response = await fetch(`${gateway.url}/overview`, { headers: { 'x-api-key': key } });
    return (await response.json()) as Overview;
  };
  return {
    engine,
    overview,
    engineIsIdle: idle.resolve,
    spans: async () => (await overview()).timeline,
    shows: (holds: (spans: readonly Span[]) => boolean) =>
      expect.poll(async () => holds((await overview()).timeline), { interval: 10, timeout: 5_000 }).toBe(true),
    ask: (session: string, more: object = {}, as = key) =>
      liveClient(
        gateway.url,
        {
          model: 'default',
          max_tokens: 900,
          stream: true,
          messages: [{ role: 'user', content: session }],
          tools,
          ...more,
        },
        { 'x-claude-code-session-id': session, 'x-api-key': as },
      ),
  };
}

const long = { system: 'A long prompt. '.repeat(700) };

test('a slot that is kept after a tool call is held until somebody has it', async () => {
  const { engine, ask, spans, shows } = await start();
  const first = ask('s1', long);
  (await engine.generation(1)).say(...call);
  await first.body;
  await shows((all) => all.at(-1)?.kind === 'hold');
  expect((await spans()).at(-1)).toMatchObject({ slot: 0, lineage: 's1/main' });
  const next = ask('s1', { ...long, messages: [{ role: 'user', content: 's1, and more' }] });
  const generation = await engine.generation(2);
  const [hold, prefill] = (await spans()).slice(-2);
  expect(hold).toMatchObject({ kind: 'hold', to: expect.any(Number) });
  expect(prefill).toMatchObject({ kind: 'restore', reason: 'the slot was kept for it' });
  expect(hold?.to).toBeLessThanOrEqual(prefill?.from ?? 0);
  generation.say(...answer);
  await next.body;
});

test('a slot whose engine works on for somebody who left waits for it', async () => {
  const { engine, ask, spans, shows, engineIsIdle } = await start();
  const client = ask('s1');
  await engine.generation(1);
  client.leave();
  await shows((all) => all.at(-1)?.kind === 'switch');
  expect((await spans()).map(({ kind, to }) => [kind, typeof to])).toEqual([
    ['prefill', 'number'],
    ['switch', 'undefined'],
  ]);
  engineIsIdle();
  await shows((all) => typeof all.at(-1)?.to === 'number');
});

test('what is warmed up belongs to nobody', async () => {
  const { engine, ask, overview, shows, engineIsIdle } = await start(
    { scheduling: { warmUp: true } },
    { cache: { kind: 'conversations', capacity: 2 } },
  );
  const client = ask('s1', long);
  const generation = await engine.generation(1);
  generation.say({ type: 'text', text: 'Once' });
  client.leave();
  engineIsIdle();
  await engine.generation(2);
  await shows((all) => all.at(-1)?.kind === 'warmUp');
  const { timeline, clients } = await overview();
  expect(timeline.at(-1)).toMatchObject({ reason: expect.any(String) });
  expect(clients.map(({ client: name }) => name)).toEqual(['local']);
});

test('each client is told its share of the slots, its weight and its wait', async () => {
  const { engine, ask, overview } = await start({
    server: {
      apiKeys: [
        { name: 'ana', key: 'ana-key', weight: 2 },
        { name: 'ben', key: 'ben-key' },
      ],
    },
  });
  const ana = ask('s1');
  const generation = await engine.generation(1);
  const ben = ask('s2', {}, 'ben-key');
  await expect.poll(async () => (await overview()).queue.length).toBe(1);
  const { clients } = await overview();
  expect(clients).toMatchObject([
    { client: 'ana', weight: 2, share: 1, running: 1, waiting: 0 },
    { client: 'ben', weight: 1, share: 0, running: 0, waiting: 1 },
  ]);
  generation.say(...answer);
  (await engine.generation(2)).say(...answer);
  await Promise.all([ana.body, ben.body]);
  const over = (await overview()).clients;
  expect(over.map(({ requests }) => requests)).toEqual([1, 1]);
  expect(over.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 2);
  expect(over[1]?.meanWaitMs).toBeGreaterThan(0);
});
