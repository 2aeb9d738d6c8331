/**
 * npm run bench [-- --quick] [-- --json FILE]
 *
 * What warmslot costs: the same work done directly on an engine and through warmslot, in turns, in one run. Three processes
 * (client, gateway, engine) share the machine, as they would on a Mac; quote the ratios, not the times.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { anthropicBody, openAiBody, type Size } from './bodies.ts';
import { startChild } from './children.ts';
import { agent, runStream, type Target } from './client.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const scale = values.quick ? 0.25 : 1;

const engine = await startChild('./engine.ts');
const gateway = await startChild('./gateway.ts', [`http://127.0.0.1:${engine.port}/v1`]);
const atRest = await gateway.figures('memory');
let serial = 0;

function targets(size: Size): readonly [Target, Target] {
  return [
    {
      name: 'direct',
      port: engine.port,
      path: '/v1/chat/completions',
      headers: {},
      body: (prompt, chunks) => openAiBody(size, prompt, chunks),
    },
    {
      name: 'warmslot',
      port: gateway.port,
      path: '/v1/messages?beta=true',
      headers: { authorization: 'Bearer bench', 'anthropic-version': '2023-06-01', 'cache-control': 'no-cache' },
      body: (prompt, chunks) => anthropicBody(size, prompt, chunks),
    },
  ];
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]) => quantile(sorted(values), 0.5);

/** A gateway runs for days: what is measured is compiled code, in all three processes. */
async function warmUp() {
  for (const target of [...targets('large'), ...targets('small')]) {
    const client = async () => {
      for (let i = 0; i < 250; i++) await runStream(target, `hello ${serial++}`, 50);
    };
    await Promise.all(Array.from({ length: 4 }, client));
  }
}

async function firstToken() {
  const [direct, through] = targets('large');
  const times = { direct: [] as number[], warmslot: [] as number[] };
  for (let i = 0; i < 400 * scale; i++) {
    for (const target of [direct, through]) {
      const { ttftMs } = await runStream(target, `hello ${serial++}`, 1);
      times[target.name].push(ttftMs);
    }
  }
  return {
    directMs: median(times.direct),
    warmslotMs: median(times.warmslot),
    addedMs: median(times.warmslot) - median(times.direct),
  };
}

/** Requests per second of 200-chunk streams, and the gateway's CPU a request. */
async function throughput(clients: number) {
  const seconds = Math.max(1, 3 * scale);
  const rates = { direct: [] as number[], warmslot: [] as number[] };
  let cpuMs = 0;
  let requests = 0;
  for (let round = 0; round < 3; round++) {
    for (const target of targets('small')) {
      const before = await gateway.figures('cpu');
      const until = performance.now() + seconds * 1000;
      const started = performance.now();
      let done = 0;
      const client = async () => {
        while (performance.now() < until) {
          await runStream(target, `hello ${serial++}`, 200);
          done++;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      rates[target.name].push((1000 * done) / (performance.now() - started));
      if (target.name !== 'warmslot') continue;
      cpuMs += (await gateway.figures('cpu')).cpuMs - before.cpuMs;
      requests += done;
    }
  }
  const direct = median(rates.direct);
  const warmslot = median(rates.warmslot);
  return { clients, direct, warmslot, ratio: warmslot / direct, cpuMsPerRequest: cpuMs / requests };
}

/** Latency added to each token, and the gateway's CPU a relayed chunk, for streams of one token every 20 ms. */
async function pacedStreams(streams: number) {
  const chunks = Math.round(250 * scale);
  const delays = { direct: [] as number[], warmslot: [] as number[] };
  let cpuMs = 0;
  for (let round = 0; round < 2; round++) {
    for (const target of targets('small')) {
      const before = await gateway.figures('cpu');
      const prompts = Array.from({ length: streams }, () => `PACE:20 hello ${serial++}`);
      const results = await Promise.all(prompts.map((prompt) => runStream(target, prompt, chunks)));
      delays[target.name].push(...results.flatMap((result) => result.delays));
      if (target.name === 'warmslot') cpuMs += (await gateway.figures('cpu')).cpuMs - before.cpuMs;
    }
  }
  const added = (q: number) => quantile(sorted(delays.warmslot), q) - quantile(sorted(delays.direct), q);
  return {
    streams,
    addedP50Ms: added(0.5),
    addedP99Ms: added(0.99),
    cpuMicrosPerChunk: (1000 * cpuMs) / delays.warmslot.length,
  };
}

/** Memory while many streams are live, each begun with a 76 kB body. */
async function liveStreams(streams: number) {
  const [, through] = targets('large');
  const before = await gateway.figures('memory');
  const abort = new AbortController();
  const running = Array.from({ length: streams }, () =>
    runStream(through, `PACE:500 hello ${serial++}`, 1_000, abort.signal).catch(() => undefined),
  );
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const during = await gateway.figures('memory');
  abort.abort();
  await Promise.all(running);
  return {
    streams,
    rssAtRestMB: atRest.rss / 1e6,
    rssMB: during.rss / 1e6,
    heapKBPerStream: (during.heapUsed - before.heapUsed) / streams / 1000,
  };
}

await warmUp();
const ttft = await firstToken();
const rates = [];
for (const clients of [1, 8, 32, 128]) rates.push(await throughput(clients));
const paced = [];
for (const streams of [16, 64]) paced.push(await pacedStreams(streams));
const memory = await liveStreams(500);
agent.destroy();
gateway.stop();
engine.stop();

const fixed = (value: number, digits = 2) => value.toFixed(digits);
const rows = [
  ['measure', 'direct', 'warmslot', 'ratio or added', 'aim'],
  ['first token, 76 kB body (ms)', fixed(ttft.directMs), fixed(ttft.warmslotMs), `+${fixed(ttft.addedMs)}`, '<= 2.0'],
  ...rates.map((rate, i) => [
    `requests/s, ${rate.clients} clients`,
    fixed(rate.direct, 0),
    fixed(rate.warmslot, 0),
    `${fixed(100 * rate.ratio, 0)} %`,
    `>= ${[50, 75, 75, 65][i]} %`,
  ]),
  ...rates.map((rate) => [
    `CPU a request, ${rate.clients} clients (ms)`,
    '',
    fixed(rate.cpuMsPerRequest),
    '',
    '<= 1.7',
  ]),
  ...paced.map((run) => [
    `token latency, ${run.streams} streams p50/p99 (ms)`,
    '',
    '',
    `+${fixed(run.addedP50Ms)} / +${fixed(run.addedP99Ms)}`,
    '',
  ]),
  ...paced.map((run) => [`CPU a chunk, ${run.streams} streams (us)`, '', fixed(run.cpuMicrosPerChunk, 0), '', '<= 32']),
  ['memory at rest (MB)', '', fixed(memory.rssAtRestMB, 0), '', '<= 90'],
  [`heap a live stream, ${memory.streams} streams (kB)`, '', fixed(memory.heapKBPerStream, 0), '', '<= 40'],
];
const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));

const result = { node: process.version, quick: values.quick, ttft, rates, paced, memory };
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
else console.log(JSON.stringify(result));
