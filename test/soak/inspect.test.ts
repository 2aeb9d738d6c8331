import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInspector } from '../../src/observe/inspect/inspector.ts';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';

/** What ten minutes of five requests a second are, as fast as they go. */
const total = 3_000;
const parallel = 16;

let engine: FakeEngine;
let gateway: RunningApp;
const dropped: string[] = [];

beforeAll(async () => {
  engine = await startFakeVllmMlx({ engine: 'batched' });
  const inspector = createInspector({
    broke(error) {
      throw error;
    },
  });
  const config = { backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url, slots: parallel } } } as const;
  gateway = await startApp(config, {
    inspector: {
      ...inspector,
      watch: (viewer, since) =>
        inspector.watch(
          {
            ...viewer,
            tell(told, place) {
              if (told.type === 'dropped') dropped.push(told.reason);
              viewer.tell(told, place);
            },
          },
          since,
        ),
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await engine.close();
});

let serial = 0;

async function load(requests: number): Promise<void> {
  let left = requests;
  const worker = async () => {
    while (left-- > 0) {
      const response = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        body: JSON.stringify({
          model: 'default',
          max_tokens: 100,
          stream: true,
          messages: [{ role: 'user', content: `SAY:fine\nnumber ${serial++}` }],
          metadata: { user_id: `session-${serial % 20}` },
        }),
      });
      await response.text();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  engine.requests.length = 0;
}

/** Asks, and never reads a byte of the answer. */
function stall(path: string, headers = ''): Promise<() => void> {
  const { hostname, port, host } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.on('error', () => {});
  return new Promise((resolve) =>
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`, () => resolve(() => socket.destroy())),
  );
}

const upgrade =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

function memoryMB(): number {
  if (!globalThis.gc) throw new Error('this suite needs --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

test(`viewers that stop reading are dropped and cost no memory over ${total} requests`, async () => {
  await load(500);
  const before = memoryMB();
  const leaves = [await stall('/inspect/events'), await stall('/inspect/ws', upgrade)];
  let most = before;
  for (let batch = 0; batch < 10; batch++) {
    await load(total / 10);
    most = Math.max(most, memoryMB());
  }
  expect(dropped).toEqual(['read too slowly', 'read too slowly']);
  await expect.poll(memoryMB, { timeout: 10_000, interval: 500 }).toBeLessThan(before + 6);
  const left = memoryMB() - before;
  console.log(`two stalled viewers: at most ${(most - before).toFixed(1)} MB, ${left.toFixed(1)} MB in the end`);
  // Four megabytes wait for each, and what a batch adds to that before it is noticed.
  expect(most - before).toBeLessThan(25);
  for (const leave of leaves) leave();
}, 300_000);
