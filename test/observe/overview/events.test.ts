/** `GET /overview/events`: a viewer that puts the changes together sees what `GET /overview` says. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { AppDeps } from '../../../src/app.ts';
import type { Overview } from '../../../src/observe/overview/types.ts';
import { startApp } from '../../support/app.ts';
import { liveClient } from '../../support/live-client.ts';
import { watchOverview } from '../../support/overview-viewer.ts';
import { answer, playedEngine } from '../../support/played-engine.ts';

const said = (content: string) => [{ role: 'user', content }];

async function start(timing: AppDeps['timing'] = {}, info: Parameters<typeof playedEngine>[0] = {}) {
  const engine = playedEngine(info);
  const config = { backends: { one: { type: 'openai', baseUrl: 'http://127.0.0.1:1' } } } as const;
  const gateway = await startApp(config, { backends: { openai: engine.create }, timing });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= gateway.close());
  onTestFinished(close);
  return {
    engine,
    gateway,
    close,
    ask: (session: string) =>
      liveClient(
        gateway.url,
        { model: 'default', max_tokens: 900, messages: said(`Hello from ${session}`) },
        { 'x-claude-code-session-id': session },
      ),
  };
}

test('the changes of a request, from its arrival to its end, add up to the picture', async () => {
  const { engine, gateway, ask } = await start();
  const viewer = await watchOverview(gateway.url);
  await viewer.shows(({ engines }) => engines[0]?.slots[0]?.state === 'free');
  const first = ask('s1');
  const generation = await engine.generation(1);
  const second = ask('s2');
  await viewer.shows(({ running, queue }) => running[0]?.session === 's1' && queue[0]?.session === 's2');
  generation.say(...answer);
  (await engine.generation(2)).say(...answer);
  await Promise.all([first.body, second.body]);
  await viewer.shows(
    ({ running, sessions, clients, timeline }) =>
      running.length === 0 && sessions.length === 2 && clients[0]?.requests === 2 && timeline.length === 4,
  );
  const asked = (await (await fetch(`${gateway.url}/overview`)).json()) as Overview;
  await viewer.shows(({ log }) => log.length === asked.log.length);
  expect(viewer.overview()).toEqual({ ...asked, at: expect.any(Number) });
  expect(viewer.events[0]?.name).toBe('overview');
  expect(new Set(viewer.events.slice(1).map(({ name }) => name))).toEqual(new Set(['change']));
});

test('who comes later is told nothing twice', async () => {
  const { engine, gateway, ask } = await start();
  const viewers = [await watchOverview(gateway.url)];
  for (let nth = 1; nth <= 5; nth++) {
    const client = ask(`s${nth}`);
    (await engine.generation(nth)).say(...answer);
    await client.body;
    viewers.push(await watchOverview(gateway.url));
  }
  for (const viewer of viewers) {
    await viewer.shows(({ log }) => log.filter(({ type }) => type === 'request.finished').length === 5);
    const told = viewer.events.flatMap(({ data }) => data.log ?? []).map(({ number }) => number);
    expect(told).toEqual(told.map((_, index) => index + 1));
  }
});

test('while nothing changes nothing is sent but signs of life', async () => {
  const { gateway } = await start({ keepAlive: 100 });
  const viewer = await watchOverview(gateway.url);
  await viewer.shows(({ engines }) => engines[0]?.slots[0]?.state === 'free');
  const before = viewer.events.length;
  await viewer.lives(8);
  expect(viewer.events).toHaveLength(before);
});

test('a viewer that does not read is dropped, and the others go on', { timeout: 60_000 }, async () => {
  // One picture has to be more than the sockets' own buffers hold.
  const { engine, gateway, ask } = await start({ keepAlive: 500 }, { model: 'x'.repeat(5_000_000) });
  const { hostname, port } = new URL(gateway.url);
  const stuck = connect({ host: hostname, port: Number(port) });
  onTestFinished(() => void stuck.destroy());
  stuck.pause();
  stuck.write(`GET /overview/events HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
  const viewer = await watchOverview(gateway.url);
  await viewer.shows(({ engines }) => engines.length === 1);
  await viewer.lives(4);
  const more = ask('the last');
  (await engine.generation(1)).say(...answer);
  await more.body;
  await viewer.shows(({ sessions }) => sessions.some(({ id }) => id === 'the last'));
  // What its socket had room for is all that it ever gets.
  let bytes = 0;
  stuck.on('data', (data) => {
    bytes += data.length;
  });
  stuck.resume();
  await once(stuck, 'close');
  expect(bytes).toBeLessThan(JSON.stringify(viewer.overview()).length);
});

test('at its end the gateway ends its viewers at once', async () => {
  const { gateway, close } = await start();
  const viewer = await watchOverview(gateway.url);
  const closed = close();
  await viewer.ended;
  await closed;
});
