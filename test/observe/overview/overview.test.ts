/** What `GET /overview` tells while requests wait and run, and after they did. */
import { expect, onTestFinished, test } from 'vitest';
import type { Overview } from '../../../src/observe/overview/types.ts';
import type { EngineEvent } from '../../../src/protocol/engine.ts';
import { GatewayError } from '../../../src/protocol/errors.ts';
import { startApp } from '../../support/app.ts';
import type { ConfigInput } from '../../support/gateway.ts';
import { liveClient } from '../../support/live-client.ts';
import { playedEngine } from '../../support/played-engine.ts';

const body = { model: 'default', max_tokens: 900, system: 'Be brief. '.repeat(300) };
const said = (...texts: readonly string[]) =>
  texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
const answer: readonly EngineEvent[] = [
  { type: 'usage', promptTokens: 1_000, cachedTokens: 800 },
  { type: 'text', text: 'Hi' },
  { type: 'usage', outputTokens: 1 },
  { type: 'ended', reason: 'end_turn' },
];

async function start(config: ConfigInput = {}) {
  const engine = playedEngine();
  const gateway = await startApp(
    { backends: { one: { type: 'openai', baseUrl: 'http://127.0.0.1:1' } }, ...config },
    { backends: { openai: engine.create } },
  );
  onTestFinished(() => gateway.close());
  const overview = async (): Promise<Overview> => {
    const response = await fetch(`${gateway.url}/overview`);
    return (await response.json()) as Overview;
  };
  return {
    engine,
    gateway,
    overview,
    ask: (session: string, more: object = {}) =>
      liveClient(
        gateway.url,
        { ...body, messages: said(`Hello from ${session}`), ...more },
        { 'x-claude-code-session-id': session },
      ),
    shows: (holds: (overview: Overview) => boolean) =>
      expect.poll(async () => holds(await overview()), { interval: 10, timeout: 5_000 }).toBe(true),
  };
}

test('before anything has happened it shows the engine, its free slot and nobody', async () => {
  const { overview, shows } = await start();
  await shows(({ engines }) => engines[0]?.slots[0]?.state === 'free');
  expect(await overview()).toMatchObject({
    gateway: { status: 'healthy', draining: false },
    engines: [{ name: 'one', type: 'openai', model: 'played', status: 'up', reason: '', drained: false, warm: [] }],
    queue: [],
    running: [],
    sessions: [],
    timeline: [],
  });
});

test('one that runs is followed from its prefill to its answer, and one behind it is told its place and why', async () => {
  const { engine, ask, overview, shows } = await start();
  const first = ask('s1');
  const generation = await engine.generation(1);
  generation.say({ type: 'started', promptTokens: 1_000 }, { type: 'prefill', done: 500, total: 1_000 });
  await shows(({ running }) => running[0]?.state === 'attempting.prefilling');
  const prefilling = await overview();
  const [running] = prefilling.running;
  expect(running).toMatchObject({
    session: 's1',
    lineage: 's1/main',
    agent: 'main',
    client: 'local',
    band: 'interactive',
    backend: 'one',
    slot: 0,
    reason: 'the slot is unused',
    outputTokens: 0,
    cache: 'miss',
    deserted: false,
  });
  expect(running?.prefilled).toBe(Math.round((running?.promptTokens ?? 0) / 2));
  expect(running?.firstTokenDue).toBeGreaterThan(prefilling.at - 60_000);
  expect(prefilling.engines[0]?.slots).toMatchObject([{ index: 0, state: 'leased', requestId: running?.requestId }]);
  expect(prefilling.timeline).toMatchObject([{ kind: 'prefill', slot: 0, requestId: running?.requestId }]);

  const second = ask('s2');
  await shows(({ queue }) => queue.length === 1);
  const [waiting] = (await overview()).queue;
  expect(waiting).toMatchObject({ session: 's2', place: 1, reason: 'next: every slot is taken' });
  expect(waiting?.startsAt).toBeGreaterThan(prefilling.at);

  generation.say({ type: 'text', text: 'Once upon a time there was a token' });
  await shows(({ running }) => running[0]?.state === 'attempting.decoding');
  const decoding = await overview();
  expect(decoding.running[0]?.outputTokens).toBeGreaterThan(0);
  expect(decoding.timeline.map(({ kind, to }) => [kind, to === undefined])).toEqual([
    ['prefill', false],
    ['decode', true],
  ]);

  generation.say(...answer);
  await first.body;
  (await engine.generation(2)).say(...answer);
  await second.body;
  await shows(({ sessions }) => sessions.every(({ inFlight }) => inFlight === 0));
  const over = await overview();
  expect(over.running).toEqual([]);
  expect(over.timeline.map(({ kind, warm }) => [kind, warm])).toEqual([
    ['restore', 0.8],
    ['decode', 0.8],
    ['restore', 0.8],
    ['decode', 0.8],
  ]);
  expect(over.timeline.every(({ to, from }) => to !== undefined && to >= from)).toBe(true);
  expect(over.engines[0]?.warm).toMatchObject([{ name: 'local: main', slot: 0 }]);
  expect(over.clients).toMatchObject([{ client: 'local', weight: 1, share: 1, requests: 2, waiting: 0, running: 0 }]);
});

test('a session’s turns tell what was reused and why not all of it', async () => {
  const { engine, ask, overview, shows } = await start();
  const turns = [said('One'), said('One', 'Hi', 'Two')];
  for (const [index, messages] of turns.entries()) {
    const turn = ask('s1', { messages, ...(index === 1 ? { system: 'Another prompt. '.repeat(300) } : {}) });
    (await engine.generation(index + 1)).say(...answer);
    await turn.body;
  }
  await shows(({ sessions }) => sessions[0]?.lineages[0]?.recent.length === 2);
  const [session] = (await overview()).sessions;
  expect(session).toMatchObject({
    id: 's1',
    client: 'local',
    lineages: [{ lineage: 's1/main', agent: 'main', turns: 2 }],
  });
  const [first, second] = session?.lineages[0]?.recent ?? [];
  expect(first).toMatchObject({
    outcome: 'done',
    promptTokens: 1_000,
    cachedTokens: 800,
    cause: 'first turn of the session',
  });
  expect(second?.cause).toContain('system');
  expect(second?.lostTokens).toBeGreaterThan(0);
});

test('the log tells decisions in words, and their numbers grow by one', async () => {
  const { engine, ask, overview, shows } = await start();
  const first = ask('s1');
  const generation = await engine.generation(1);
  const second = ask('s2');
  await shows(({ queue }) => queue.length === 1);
  generation.say(...answer);
  (await engine.generation(2)).say(...answer);
  await Promise.all([first.body, second.body]);
  await shows(({ log }) => log.filter(({ type }) => type === 'request.finished').length === 2);
  const { log } = await overview();
  expect(log.map(({ number }) => number)).toEqual(log.map((_, index) => index + 1));
  const texts = log.map(({ text }) => text);
  expect(texts.some((text) => /^joins the queue in place 1 of 1, expected to start in \d+\.\d s$/.test(text))).toBe(
    true,
  );
  expect(texts).toContain('runs on one #0: the slot is unused (prefilled and kept)');
  expect(texts.some((text) => /^done in \d+\.\d s: 1000 tokens read, 800 of them cached, 1 written$/.test(text))).toBe(
    true,
  );
});

test('one that has joined another, and one that is tried again, are among those that run', async () => {
  const { engine, ask, overview, shows } = await start();
  ask('s1');
  const generation = await engine.generation(1);
  ask('s1');
  await shows(({ running }) => running.length === 2);
  const { running } = await overview();
  const [leader, follower] = running;
  expect(follower).toMatchObject({
    state: 'joined',
    cache: 'joined',
    reason: `it asks the same as ${leader?.requestId}`,
  });
  generation.say({ type: 'failed', error: new GatewayError('engine_busy', 'busy') });
  await shows(({ running: [first] }) => first?.state === 'fallingBack');
  const [again] = (await overview()).running;
  expect(again).toMatchObject({ reason: 'its last attempt failed, and it is tried again' });
  expect((await overview()).log.map(({ text }) => text)).toContain('its attempt failed: engine_busy');
});

test('with a key configured it is for those who have it', async () => {
  const { gateway } = await start({ server: { apiKey: 'secret' } });
  expect((await fetch(`${gateway.url}/overview`)).status).toBe(401);
  expect((await fetch(`${gateway.url}/overview`, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
});
