/**
 * Nothing that is told about requests holds what people wrote, what models answered, or a key: markers in all of it, every
 * kind of end a request can have, and then a search through everything that came out.
 */
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CreateBackend } from '../../src/backends/types.ts';
import { logEvents } from '../../src/observe/log.ts';
import { run } from '../cli/support.ts';
import { startCollector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { type ConfigInput, startGateway, type TestGateway } from '../support/gateway.ts';
import { playedEngine } from '../support/played-engine.ts';
import { type Quoting, startQuotingServer } from '../support/quoting-server.ts';

/** Found whatever is done to a text: cut, escaped, put in lower case. */
const mark = (what: string) => `zq${what}qz`;
const keys = { client: `${mark('clientkey')}-1`, engine: `${mark('enginekey')}-1` };
const marker = /zq\w+?qz/gi;

const tools = [
  {
    name: 'Edit',
    description: `Edits ${mark('tooltext')}`,
    input_schema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: mark('parametertext') },
        count: { type: 'number' },
        mode: { type: 'string', enum: [mark('enumvalue'), 'b'] },
      },
      required: ['path'],
    },
  },
];
const system = `You are careful. ${mark('systemtext')} `.repeat(200);
const history = [
  { role: 'user', content: `<system-reminder>${mark('remindertext')}</system-reminder>` },
  {
    role: 'assistant',
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'Edit', input: { path: mark('pastinput') } }],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: mark('toolresult') }] },
  { role: 'assistant', content: [{ type: 'text', text: mark('pastanswer') }] },
];
const prompt = (directives: string) => [...history, { role: 'user', content: `${mark('prompttext')}\n${directives}` }];

/** An engine that fails in its own code, with the prompt in its words. */
const broken: CreateBackend = (options, deps) => ({
  ...playedEngine().create(options, deps),
  generate({ prompt }) {
    throw new TypeError(`cannot render ${JSON.stringify(prompt.body)}`);
  },
});

const backends = (mlx: string, quoting: string) =>
  ({
    mlx: { type: 'vllm-mlx', baseUrl: mlx, apiKey: keys.engine },
    quoting: { type: 'openai', baseUrl: quoting, apiKey: keys.engine, priority: 2 },
    broken: { type: 'anthropic', baseUrl: 'http://127.0.0.1:1', priority: 3 },
  }) satisfies ConfigInput['backends'];

async function setUp() {
  const collector = await startCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const mlx = await startFakeVllmMlx({ engine: 'batched', slots: 2, apiKey: keys.engine });
  onTestFinished(() => mlx.close());
  const quoting = await startQuotingServer();
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  /** @param backend the only one to use; absent: all of them, so that failures fall back */
  const start = async (backend?: string) => {
    const gateway = await startGateway(
      {
        server: { apiKeys: [{ name: 'ana', key: keys.client }] },
        debug: { level: 2 },
        scheduling: { warmUp: true },
        backends: backends(mlx.url, quoting.url),
        models: { quoting: 'quoting' },
        ...(backend ? { backend } : {}),
      },
      { log, backends: { anthropic: broken } },
    );
    for (const level of [0, 1]) logEvents(gateway.app.gateway.events, log, level);
    return gateway;
  };
  const gateways = { all: await start(), quoting: await start('quoting'), broken: await start('broken') };
  return { gateways, quoting, collector, lines };
}

function post(
  gateway: TestGateway,
  body: object,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
) {
  return fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    signal,
    headers: {
      'content-type': 'application/json',
      'x-claude-code-session-id': 's-1',
      'x-claude-code-request-class': 'main',
      authorization: `Bearer ${keys.client}`,
      ...headers,
    },
    body: JSON.stringify({ model: 'default', max_tokens: 900, system, tools, stream: true, ...body }),
  });
}

const calls = {
  good: `TOOL:Edit:{"path":"${mark('goodinput')}"}`,
  repaired: `TOOL:Edit:{"path":"${mark('repairedinput')}",}`,
  retyped: `TOOL:Edit:{"path":"${mark('retypedinput')}","count":"5","mode":"${mark('enumvalue').toUpperCase()}"}`,
  unfit: `TOOL:Edit:{"count":"${mark('unfitinput')}"}`,
  stranger: `TOOL:Bash:{"command":"${mark('strangerinput')}"}`,
  hopeless: `RAW:<tool_call>{"name": "Edit", "arguments": {"path": ${mark('hopelessinput')}</tool_call>`,
};

const asks =
  (gateway: TestGateway) =>
  async (directives: string, more: object = {}, headers?: Record<string, string>) => {
    const response = await post(gateway, { messages: prompt(directives), ...more }, headers);
    return response.text();
  };

async function traffic({ gateways, quoting }: Awaited<ReturnType<typeof setUp>>): Promise<void> {
  const ask = asks(gateways.all);
  await ask(`THINK:${mark('thinking')}\nSAY:${mark('answer')}`);
  await ask(`THINK:${mark('thinking')}\nSAY:${mark('answer')}`);
  for (const call of Object.values(calls)) await ask(call);
  await ask('SAY:x', { system: `${mark('othersystem')} ${system}`, tools: [...tools, { ...tools[0], name: 'Write' }] });
  await ask('SAY:x', { tools: [], max_tokens: 20 }, { 'x-claude-code-request-class': 'auxiliary' });
  await ask('SAY:falls back', { model: 'quoting' });
  for (const next of [400, 401, 'midway', 500] satisfies Quoting[]) {
    quoting.next = next;
    const heard = await asks(gateways.quoting)('SAY:x');
    // Only the client may hear what the engine said.
    if (next === 400) expect(heard).toContain(mark('systemtext'));
  }
  await asks(gateways.broken)('SAY:x');
  await ask('SAY:x', { messages: mark('brokenbody') });
  await ask('SAY:x', { model: mark('unknownmodel') });
  await ask('SAY:x', {}, { authorization: `Bearer ${mark('wrongkey')}` });
  const leaving = new AbortController();
  const left = await post(gateways.all, { messages: prompt('DELAY:20\nLONG:400') }, {}, leaving.signal);
  await left.body?.getReader().read();
  leaving.abort();
  for (const { app } of Object.values(gateways)) await app.gateway.requests.idle();
}

/** A stream that is read until the function is called. */
function listen(gateway: TestGateway, path: string): () => string {
  const leaving = new AbortController();
  let text = '';
  const read = async () => {
    const response = await fetch(`${gateway.url}${path}`, { headers: owner, signal: leaving.signal });
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString('utf8');
  };
  read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return () => {
    leaving.abort();
    return text;
  };
}

const owner = { authorization: `Bearer ${keys.client}` };

/** Everything that can be asked of a gateway, by what was asked. */
async function told(gateway: TestGateway): Promise<ReadonlyMap<string, string>> {
  const outputs = new Map<string, string>();
  const paths = ['/health', '/metrics', '/overview', '/inspect/actors', '/trace/last', '/v1/models'];
  const ids = gateway.finished().map(({ requestId }) => requestId);
  for (const path of [...paths, ...ids.map((id) => `/trace/${id}`)]) {
    outputs.set(path, await (await fetch(`${gateway.url}${path}`, { headers: owner })).text());
  }
  for (const id of ids) {
    const story = await run(['trace', id, '--url', gateway.url], { WARMSLOT_API_KEY: keys.client });
    expect(story.exitCode, story.stderr).toBe(0);
    outputs.set(`warmslot trace ${id}`, story.stdout);
  }
  return outputs;
}

test('nothing that is told of requests holds a word of theirs, or a key', async () => {
  const world = await setUp();
  const { gateways, lines, collector } = world;
  const all = Object.values(gateways);
  const streams = all.flatMap((gateway) =>
    ['/overview/events', '/inspect/events'].map((path) => listen(gateway, path)),
  );
  await traffic(world);

  const outputs = (await Promise.all(all.map(told))).flatMap((each) => [...each]);
  const finished = all.flatMap((gateway) => gateway.finished());
  for (const stop of streams) outputs.push(['a stream', stop()]);
  for (const { app } of all) await app.close();
  await eventually(async () => collector.spans().filter(({ name }) => name === 'request').length === finished.length);
  for (const { text } of collector.requests) outputs.push(['OTLP', text]);
  for (const line of lines) outputs.push([`the log: ${line.slice(0, 300)}`, line]);

  // What is searched is there at all.
  expect(new Set(finished.map(({ outcome }) => outcome))).toEqual(new Set(['done', 'failed', 'cancelled']));
  expect(new Set(finished.map(({ errorCode }) => errorCode))).toEqual(
    new Set([undefined, 'engine_refused', 'engine_auth', 'engine_failed', 'internal']),
  );
  const calls = gateways.all.app.gateway.health().tool_calls;
  for (const outcome of ['ok', 'repaired', 'retyped', 'reasked'] as const)
    expect(calls[outcome], outcome).toBeGreaterThan(0);
  expect(lines.filter((line) => line.includes('request failed')).length).toBeGreaterThan(5);
  for (const [name, text] of outputs) expect(text.length, name).toBeGreaterThan(20);

  const found = outputs.flatMap(([name, text]) =>
    [...new Set(text.match(marker) ?? [])].map((each) => `${each} in ${name}`),
  );
  expect(found).toEqual([]);
}, 60_000);
