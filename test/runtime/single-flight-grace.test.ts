/** Clients that vanish and ask again: how long what they left goes on, in the engine and in the queue, and for whom it makes way. */
import { expect, test } from 'vitest';
import { startGatewayOnFake } from '../support/gateway.ts';
import { liveClient } from '../support/live-client.ts';
import { body, ended, other, start, started, text, title, told } from './single-flight-harness.ts';

test('one that vanished finds its generation again', async () => {
  const { ask, engine, health, leftNothing, finished, deserted } = await start();
  const first = ask();
  const generation = await engine.generation(1);
  generation.say(started, text('I read'));
  await first.sees('I read');
  first.leave();
  await deserted();
  expect(health().queue.running).toBe(1);
  generation.say(text(' all'));
  const again = ask();
  await again.sees('I read all');
  generation.say(text('.'), ended);
  expect(told(await again.body).content).toMatchObject([{ text: 'I read all.' }]);
  expect(engine.generations).toHaveLength(1);
  await leftNothing();
  expect(finished().map(({ outcome }) => outcome)).toEqual(['done', 'done']);
});

test('a generation nobody came back for is aborted after the grace', async () => {
  const { ask, engine, leftNothing, finished } = await start({ timing: { grace: 100 } });
  const first = ask();
  const generation = await engine.generation(1);
  generation.say(started, text('I'));
  await first.sees('"I"');
  first.leave();
  await expect.poll(() => generation.aborted).toBe(true);
  await leftNothing();
  expect(finished().map(({ outcome }) => outcome)).toEqual(['cancelled']);
});

test('an answer that is complete within the grace waits in the cache', async () => {
  const { ask, engine, leftNothing, deserted } = await start();
  const first = ask();
  const generation = await engine.generation(1);
  generation.say(started, text('I'));
  await first.sees('"I"');
  first.leave();
  await deserted();
  generation.say(text(' read.'), ended);
  await leftNothing();
  const again = ask();
  expect(told(await again.body).content).toMatchObject([{ text: 'I read.' }]);
  expect((await again.response).headers.get('x-warmslot-cache')).toBe('hit');
  expect(engine.generations).toHaveLength(1);
});

test('a generation without a client makes way at once for whoever comes', async () => {
  const { ask, engine, health, deserted } = await start();
  const first = ask();
  const running = await engine.generation(1);
  running.say(started, text('I'));
  await first.sees('"I"');
  first.leave();
  await deserted();
  const second = ask(other);
  const next = await engine.generation(2);
  expect(running.aborted).toBe(true);
  next.say(started, text('Here.'), ended);
  expect(told(await second.body).content).toMatchObject([{ text: 'Here.' }]);
  expect(health().queue).toEqual({ waiting: 0, running: 0 });
});

test('a generation whose client leaves while others wait is aborted at once', async () => {
  const { ask, engine, health } = await start();
  const first = ask();
  const running = await engine.generation(1);
  const second = ask(other);
  await expect.poll(() => health().queue.waiting).toBe(1);
  first.leave();
  const next = await engine.generation(2);
  expect(running.aborted).toBe(true);
  next.say(started, text('Here.'), ended);
  await second.body;
});

test('what is less urgent waits for a generation whose client may come back', async () => {
  const { ask, engine, health, deserted } = await start();
  const first = ask();
  const generation = await engine.generation(1);
  const less = ask(title);
  await expect.poll(() => health().queue.waiting).toBe(1);
  first.leave();
  await deserted();
  const again = ask();
  await expect.poll(() => generation.aborted || engine.generations.length > 1).toBe(false);
  generation.say(started, text('I read.'), ended);
  await again.body;
  (await engine.generation(2)).say(started, text('A title'), ended);
  await less.body;
});

test('one that vanished from the queue finds its place again', async () => {
  const { ask, engine, health, joined, deserted } = await start();
  const running = ask(other);
  const one = await engine.generation(1);
  const first = ask();
  await expect.poll(() => health().queue.waiting).toBe(1);
  const behind = ask({ ...other, system: 'Be brief.' });
  await expect.poll(() => health().queue.waiting).toBe(2);
  first.leave();
  await deserted();
  const again = ask();
  await expect.poll(joined).toBe(1);
  one.say(started, text('Done.'), ended);
  const two = await engine.generation(2);
  expect(two.prompt.turns).toMatchObject([{ content: [{ text: 'Read it.' }] }]);
  two.say(started, text('I read.'), ended);
  expect(told(await again.body).content).toMatchObject([{ text: 'I read.' }]);
  (await engine.generation(3)).say(started, ended);
  await Promise.all([running.body, behind.body]);
});

test('a place in the queue that nobody came back to goes to the next, and no engine hears of it', async () => {
  const { ask, engine, health, finished, deserted } = await start();
  const running = ask(other);
  const one = await engine.generation(1);
  const gone = ask();
  await expect.poll(() => health().queue.waiting).toBe(1);
  const behind = ask({ ...other, system: 'Be brief.' });
  await expect.poll(() => health().queue.waiting).toBe(2);
  gone.leave();
  await deserted();
  one.say(started, text('Done.'), ended);
  const two = await engine.generation(2);
  expect(two.prompt.system).toEqual(['Be brief.']);
  two.say(started, ended);
  await Promise.all([running.body, behind.body]);
  await expect.poll(() => finished().map(({ outcome }) => outcome)).toContain('cancelled');
});

test('a gateway that closes does not wait for clients that may come back', async () => {
  const { ask, engine, close, health, deserted } = await start({ config: { server: { drainSeconds: 20 } } });
  const first = ask();
  const generation = await engine.generation(1);
  const queued = ask(title);
  await expect.poll(() => health().queue.waiting).toBe(1);
  for (const client of [first, queued]) client.leave();
  await deserted(2);
  await close();
  expect(generation.aborted).toBe(true);
  expect(engine.generations).toHaveLength(1);
});

test('a gateway that closes tells everybody who is there', async () => {
  const { ask, engine, close } = await start();
  const clients = [ask()];
  const generation = await engine.generation(1);
  generation.say(started, text('I'));
  await clients[0]?.sees('"I"');
  clients.push(ask());
  await clients[1]?.sees('"I"');
  await close();
  for (const client of clients) expect(await client.body).toMatch(/event: error\ndata: .*shutting down.*\n\n$/);
});

test('a real socket that breaks inside an answer costs the engine nothing', async () => {
  const { gateway, engine } = await startGatewayOnFake({
    quirks: { decodeMs: 5 },
    config: { scheduling: { graceSeconds: 60 } },
  });
  const question = { ...body, tools: [], messages: [{ role: 'user', content: 'LONG:60' }] };
  const first = liveClient(gateway.url, question);
  await first.sees('"9"');
  first.leave();
  const again = liveClient(gateway.url, question);
  const twin = liveClient(gateway.url, { ...question, stream: false });
  const message = told(await again.body);
  expect(JSON.parse(await twin.body)).toEqual(message);
  expect(message.content).toMatchObject([{ text: expect.stringMatching(/^w0 .* w59$/) }]);
  expect(first.seen()).toContain(message.id);
  expect(engine.chats().map(({ aborted }) => aborted)).toEqual([false]);
});
