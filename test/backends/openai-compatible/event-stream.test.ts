import { once } from 'node:events';
import fc from 'fast-check';
import { Agent } from 'undici';
import { afterAll, expect, test } from 'vitest';
import { openEventStream } from '../../../src/backends/openai-compatible/event-stream.ts';
import type { Generation } from '../../../src/backends/types.ts';
import { openStream, scriptedServer, sendJson, sendPieces, sendStream } from './scripted-server.ts';

const agent = new Agent({ connectTimeout: 5_000 });
afterAll(() => agent.destroy());

/** Opens a stream and writes down every call of the listener. */
function listen(url: string, on: { data?: (stream: Generation) => void } = {}) {
  const calls: string[] = [];
  const over = Promise.withResolvers<string>();
  const end = (call: string) => {
    calls.push(call);
    over.resolve(call);
  };
  const stream: Generation = openEventStream(
    agent,
    { url, headers: { 'x-a': 'b' }, body: '{"q":1}' },
    {
      opened: () => calls.push('opened'),
      data(text) {
        calls.push(`data ${text}`);
        on.data?.(stream);
      },
      readEnd: () => calls.push('readEnd'),
      ended: () => end('ended'),
      refused: (status, text, retryAfter) => end(`refused ${status} ${text} ${retryAfter}`),
      broken: (error, answering) => end(`broken ${'code' in error ? error.code : error.message} ${answering}`),
    },
  );
  return { calls, over: over.promise, stream };
}

test('posts the body and gives the data of each event, then the end', async () => {
  const server = await scriptedServer((_, response) =>
    sendStream(response, ': hi\n\ndata: a\n\nevent: x\ndata: b\n\n'),
  );
  const { calls, over } = listen(`${server.url}/v1/chat?x=1`);
  await over;
  expect(calls).toEqual(['opened', 'data a', 'data b', 'readEnd', 'ended']);
  expect(server.asked).toMatchObject([
    {
      method: 'POST',
      path: '/v1/chat?x=1',
      body: { q: 1 },
      headers: { 'x-a': 'b', 'content-type': 'application/json' },
    },
  ]);
  await server.close();
});

test('any chunking of the bytes gives the same data', async () => {
  let sizes: readonly number[] = [1];
  let text = '';
  const server = await scriptedServer((_, response) => sendPieces(response, text, sizes));
  const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => s.replace(/[\r\n]/g, '') || 'é😀');
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
      async (lines, cut) => {
        sizes = cut;
        text = lines.map((data) => `data: ${data}\r\n\r\n`).join('');
        const { calls, over } = listen(server.url);
        await over;
        expect(calls.filter((call) => call.startsWith('data '))).toEqual(lines.map((data) => `data ${data}`));
      },
    ),
    { numRuns: 40 },
  );
  await server.close();
});

test('a refusal comes with its text and how long to wait', async () => {
  const server = await scriptedServer((_, response) => {
    response.setHeader('retry-after', '7');
    sendJson(response, { detail: 'no' }, 429);
  });
  expect(await listen(server.url).over).toBe('refused 429 {"detail":"no"} 7');
  await server.close();
});

test('nothing listening, a reset before the head and one after it are told apart', async () => {
  const server = await scriptedServer(({ path }, response, request) => {
    if (path === '/before') return void request.socket.resetAndDestroy();
    openStream(response);
    response.write('data: a\n\n', () => request.socket.resetAndDestroy());
  });
  expect(await listen(`${server.url}/before`).over).toMatch(/^broken (ECONNRESET|UND_ERR_SOCKET) false$/);
  expect(await listen(`${server.url}/after`).over).toMatch(/^broken (ECONNRESET|UND_ERR_SOCKET) true$/);
  await server.close();
  expect(await listen(server.url).over).toBe('broken ECONNREFUSED false');
});

test('an abort closes the socket, also inside a read, and nothing is told afterwards', async () => {
  const closed = Promise.withResolvers<void>();
  const server = await scriptedServer((_, response) => {
    response.once('close', () => closed.resolve());
    openStream(response);
    response.write('data: a\n\ndata: b\n\n');
  });
  const { calls } = listen(server.url, { data: (stream) => stream.abort() });
  await closed.promise;
  expect(calls).toEqual(['opened', 'data a']);
  await server.close();
});

test('a request given up before its connection is there is never sent', async () => {
  const server = await scriptedServer((_, response) => sendStream(response, 'data: a\n\n'));
  const { stream, calls } = listen(server.url);
  stream.abort();
  await listen(server.url).over;
  expect(server.asked).toHaveLength(1);
  expect(calls).toEqual([]);
  await server.close();
});

test('a paused stream leaves the engine with its data until it goes on', async () => {
  let sent = 0;
  const piece = `data: ${'x'.repeat(64 * 1024)}\n\n`;
  const total = 400;
  const full = Promise.withResolvers<void>();
  const server = await scriptedServer(async (_, response) => {
    openStream(response);
    for (; sent < total; sent++) {
      if (response.write(piece)) continue;
      full.resolve();
      await once(response, 'drain');
    }
    response.end();
  });
  let received = 0;
  const { stream, over } = listen(server.url, { data: () => received++ });
  stream.pause();
  await full.promise;
  expect(received).toBeLessThan(total);
  stream.resume();
  expect(await over).toBe('ended');
  expect(received).toBe(total);
  await server.close();
});
