import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApp, startApp } from '../support/app.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { lintSse } from '../support/sse-lint.ts';

const total = 10_000;
const parallel = 32;

let engine: FakeEngine;
let gateway: RunningApp;
const agent = new Agent({ keepAlive: true });
/** Of the streams that were read to their end. */
const problems: string[] = [];

beforeAll(async () => {
  engine = await startFakeVllmMlx({ engine: 'batched' });
  gateway = await startApp({ backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url, slots: 16 } } });
});
afterAll(async () => {
  agent.destroy();
  await gateway.close();
  await engine.close();
});

type Fate = 'answered' | 'cancelled' | 'failing';
const fateOf = (n: number): Fate => (n % 10 === 7 ? 'failing' : n % 3 === 0 ? 'cancelled' : 'answered');

/** One request; a cancelled one leaves at the first byte of the answer. */
function run(n: number): Promise<void> {
  const fate = fateOf(n);
  const directive = fate === 'failing' ? 'FAIL' : fate === 'cancelled' ? 'DELAY:20\nLONG:50' : 'SAY:fine';
  const body = JSON.stringify({
    model: 'default',
    max_tokens: 100,
    stream: true,
    messages: [{ role: 'user', content: `${directive}\nnumber ${n}` }],
    metadata: { user_id: `session-${n % 50}` },
  });
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const options = { host: hostname, port, path: '/v1/messages', method: 'POST', agent };
    const request = httpRequest({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        if (fate === 'cancelled') request.destroy();
      });
      response.on('close', () => {
        if (fate === 'answered') problems.push(...lintSse(Buffer.concat(pieces)).problems);
        resolve();
      });
    });
    request.on('error', (error) => (fate === 'cancelled' ? resolve() : reject(error)));
    request.end(body);
  });
}

async function batch(from: number, to: number): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < to) await run(next++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

function heapUsed(): number {
  if (!globalThis.gc) throw new Error('this suite needs --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

test(`${total} requests, a third cancelled, a tenth failing, leave nothing behind`, async () => {
  engine.script = ({ messages }) =>
    JSON.stringify(messages).includes('FAIL') ? { segments: [], quirks: { noFinishReason: true } } : undefined;
  await batch(0, total / 5);
  await gateway.app.gateway.requests.idle();
  engine.requests.length = 0;
  const heapBefore = heapUsed();

  await batch(total / 5, total);
  await gateway.app.gateway.requests.idle();
  await engine.waitFor(() => engine.running() === 0 && engine.waiting() === 0);

  // The last one may have failed on purpose: an engine that answers again is healthy again.
  await run(total - 2);
  expect(problems).toEqual([]);
  const health = gateway.app.gateway.health();
  expect(health.queue).toEqual({ waiting: 0, running: 0 });
  expect(health.backends[0]?.slots.busy).toBe(0);
  expect(health.status).toBe('healthy');
  expect(health.sessions).toBe(50);
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  expect(timers).toBeLessThan(100);
  engine.requests.length = 0;
  const grownMB = (heapUsed() - heapBefore) / 1e6;
  console.log(`heap after ${total} requests: ${grownMB.toFixed(1)} MB more than after ${total / 5}`);
  expect(grownMB).toBeLessThan(10);
}, 300_000);
