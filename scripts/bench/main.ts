/**
 * npm run bench [-- --quick] [-- --json FILE]
 *
 * What warmslot costs: the same work done directly on an engine, through the least a Node relay can be, and through
 * warmslot, in turns, in one run. Client, engine and what stands between share the machine, as they would on a Mac; quote
 * the ratios, not the times.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { anthropicBody, openAiBody, type Size } from './bodies.ts';
import { type Child, startChild } from './children.ts';
import { agent, type Route, runStream, type Target } from './client.ts';
import { inspectorCosts } from './inspector.ts';
import { parsingCosts } from './parsing.ts';
import { prefixTimes } from './prefixes.ts';
import { printTable } from './table.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const scale = values.quick ? 0.25 : 1;

const engine = await startChild('./engine.ts');
const engineUrl = `http://127.0.0.1:${engine.port}/v1`;
const gateway = await startChild('./gateway.ts', [engineUrl]);
const relay = await startChild('./relay.ts', [engineUrl]);
const resting = await startChild('./gateway.ts', [engineUrl, '4']);
const atRest = await resting.figures('memory');
resting.stop();
const between: Readonly<Record<Route, Child | undefined>> = { direct: undefined, relay, warmslot: gateway };
let serial = 0;

function targets(size: Size): Readonly<Record<Route, Target>> {
  const direct: Target = {
    name: 'direct',
    port: engine.port,
    path: '/v1/chat/completions',
    headers: {},
    body: (prompt, chunks) => openAiBody(size, prompt, chunks),
  };
  const through = (name: Route, port: number): Target => ({
    name,
    port,
    path: '/v1/messages?beta=true',
    headers: { authorization: 'Bearer bench', 'anthropic-version': '2023-06-01', 'cache-control': 'no-cache' },
    body: (prompt, chunks) => anthropicBody(size, prompt, chunks),
  });
  return { direct, relay: through('relay', relay.port), warmslot: through('warmslot', gateway.port) };
}

const eachRoute = <T>(make: (route: Route) => T): Record<Route, T> => ({
  direct: make('direct'),
  relay: make('relay'),
  warmslot: make('warmslot'),
});
const quantile = (values: readonly number[], q: number) => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
};
const median = (values: readonly number[]) => quantile(values, 0.5);
const cpuOf = async (route: Route) => (await between[route]?.figures('cpu'))?.cpuMs ?? 0;

/** A gateway runs for days: what is measured is compiled code, in all processes. */
async function warmUp() {
  for (const target of [...Object.values(targets('large')), ...Object.values(targets('small'))]) {
    const client = async () => {
      for (let i = 0; i < 250; i++) await runStream(target, `hello ${serial++}`, 50);
    };
    await Promise.all(Array.from({ length: 4 }, client));
  }
}

async function firstToken() {
  const times = eachRoute<number[]>(() => []);
  for (let i = 0; i < 400 * scale; i++) {
    for (const target of Object.values(targets('large'))) {
      times[target.name].push((await runStream(target, `hello ${serial++}`, 1)).ttftMs);
    }
  }
  return eachRoute((route) => median(times[route]));
}

/** An answer from the exact-response cache. */
async function cachedAnswer() {
  const { warmslot } = targets('large');
  const target = { ...warmslot, headers: { ...warmslot.headers, 'cache-control': 'max-age=60' } };
  const times: number[] = [];
  for (let i = 0; i < 200 * scale; i++) times.push((await runStream(target, 'the same again', 1)).ttftMs);
  return median(times);
}

/** Requests per second of 200-chunk streams, and the CPU time of what stands between for each. */
async function throughput(clients: number) {
  const seconds = Math.max(1, 3 * scale);
  const rates = eachRoute<number[]>(() => []);
  const cpuMs = eachRoute(() => 0);
  const requests = eachRoute(() => 0);
  for (let round = 0; round < 3; round++) {
    for (const target of Object.values(targets('small'))) {
      const { name } = target;
      const before = await cpuOf(name);
      const started = performance.now();
      let done = 0;
      const client = async () => {
        while (performance.now() < started + seconds * 1000) {
          await runStream(target, `hello ${serial++}`, 200);
          done++;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      rates[name].push((1000 * done) / (performance.now() - started));
      cpuMs[name] += (await cpuOf(name)) - before;
      requests[name] += done;
    }
  }
  return {
    clients,
    perSecond: eachRoute((route) => median(rates[route])),
    cpuMsPerRequest: eachRoute((route) => cpuMs[route] / requests[route]),
  };
}

/** Latency of each token on its way, and CPU a chunk, for streams of one token every 20 ms. */
async function pacedStreams(streams: number) {
  const chunks = Math.round(400 * scale);
  const delays = eachRoute<number[]>(() => []);
  const cpuMs = eachRoute(() => 0);
  for (let round = 0; round < 2; round++) {
    for (const target of Object.values(targets('small'))) {
      const { name } = target;
      const before = await cpuOf(name);
      const prompts = Array.from({ length: streams }, () => `PACE:20 hello ${serial++}`);
      const results = await Promise.all(prompts.map((prompt) => runStream(target, prompt, chunks)));
      for (const result of results) delays[name].push(...result.delays);
      cpuMs[name] += (await cpuOf(name)) - before;
    }
  }
  return {
    streams,
    p50Ms: eachRoute((route) => quantile(delays[route], 0.5)),
    p99Ms: eachRoute((route) => quantile(delays[route], 0.99)),
    cpuMicrosPerChunk: eachRoute((route) => (1000 * cpuMs[route]) / delays[route].length),
  };
}

/** Memory while many streams are live, each begun with a 76 kB body. */
async function liveStreams(streams: number) {
  const { warmslot } = targets('large');
  const before = await gateway.figures('memory');
  const abort = new AbortController();
  const running = Array.from({ length: streams }, () =>
    runStream(warmslot, `PACE:500 hello ${serial++}`, 1_000, abort.signal).catch(() => undefined),
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
const ttftMs = await firstToken();
const cachedMs = await cachedAnswer();
const rates = [];
for (const clients of [1, 8, 32, 128]) rates.push(await throughput(clients));
const paced = [];
for (const streams of [16, 64]) paced.push(await pacedStreams(streams));
const memory = await liveStreams(500);
const inspector = await inspectorCosts(engineUrl, scale);
agent.destroy();
for (const child of [gateway, relay, engine]) child.stop();
const parsing = parsingCosts(scale);
const prefixes = await prefixTimes();

const results = {
  node: process.version,
  quick: values.quick,
  ttftMs,
  cachedMs,
  rates,
  paced,
  memory,
  inspector,
  parsing,
  prefixes,
};
printTable(results);
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
else console.log(JSON.stringify(results));
