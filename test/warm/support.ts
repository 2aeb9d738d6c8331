/** Measuring: a gateway in front of an engine that really computes, one request after the other. */
import { expect, onTestFinished } from 'vitest';
import { noCache, promptTokens, type StreamReply, stream } from '../e2e/client.ts';
import { getJson } from '../support/chat-client.ts';
import { type ConfigInput, startGateway, type TestGateway } from '../support/gateway.ts';
import {
  type EngineMode,
  type RealEngine,
  type RealEngineOptions,
  startRealVllmMlx,
} from '../support/real-vllm-mlx.ts';
import { type Exchange, startTap, type Tap } from '../support/tap.ts';

const sessionHeader = 'x-claude-code-session-id';

export interface Answer extends Omit<StreamReply, 'usage'> {
  /** From the request to its first content. */
  readonly ttftMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** Sends one request past the exact-response cache, to its end. */
export async function ask(gateway: TestGateway, body: object, session = 'one'): Promise<Answer> {
  const { usage, ...reply } = await stream(gateway.url, body, { ...noCache, [sessionHeader]: session });
  expect(reply.stopReason, reply.raw.slice(-300)).toMatch(/^(end_turn|max_tokens)$/);
  const exchange = gateway.messages().findLast(({ headers }) => headers[sessionHeader] === session);
  return {
    ...reply,
    ttftMs: ttftOf(exchange),
    promptTokens: promptTokens(usage),
    cachedTokens: usage?.cache_read_input_tokens ?? 0,
  };
}

/** Milliseconds until the first content. */
export function ttftOf(exchange: Exchange | undefined): number {
  const first = exchange?.pieces.find(({ bytes }) => bytes.includes('content_block_delta'));
  if (!exchange || !first) throw new Error('an answer without content');
  return first.at - exchange.startedAt;
}

export interface OnReal {
  readonly engine: RealEngine;
  readonly gateway: TestGateway;
  /** What went to the engine. */
  readonly wire: Tap;
}

type Model = NonNullable<RealEngineOptions['model']>;

/** A gateway in front of a real vllm-mlx; both end with the test. */
export async function startGatewayOnReal(mode: EngineMode, model: Model = 'slow-prefill'): Promise<OnReal> {
  const engine = await startEngine(mode, model);
  const wire = await startTap(engine.url);
  onTestFinished(() => wire.close());
  const gateway = await startGateway(inFrontOf(wire));
  return { engine, gateway, wire };
}

/** Ends with the test. */
export async function startEngine(mode: EngineMode, model: Model): Promise<RealEngine> {
  const engine = await startRealVllmMlx(mode, { model });
  onTestFinished(() => engine.stop());
  return engine;
}

/** What an idle engine is given to do would be counted, too. */
export const counted: ConfigInput = { scheduling: { warmUp: false } };

export const inFrontOf = ({ url }: { readonly url: string }): ConfigInput => ({
  ...counted,
  backends: { mlx: { type: 'vllm-mlx', baseUrl: url } },
});

/** The engine forgets all it has of earlier prompts, and its counters begin anew. */
export async function emptyCache({ engine }: Pick<OnReal, 'engine'>): Promise<void> {
  const { ok } = await fetch(`${engine.url}/v1/cache`, { method: 'DELETE' });
  expect(ok).toBe(true);
}

interface Stats {
  readonly engine_cache: {
    readonly system_kv_cache?: { readonly counters: Counters };
    readonly hits: number;
    readonly misses: number;
  };
}

export interface Counters {
  readonly hits: number;
  readonly misses: number;
}

/** What the engine itself counts of its prefix cache. */
export async function countersOf({ engine }: { readonly engine: Pick<RealEngine, 'url'> }): Promise<Counters> {
  const { engine_cache: cache } = (await getJson(`${engine.url}/v1/cache/stats`)).body as Stats;
  const { hits, misses } = cache.system_kv_cache?.counters ?? cache;
  return { hits, misses };
}

/** The figures for people; the assertions beside them have a margin. */
export function report(title: string, rows: Readonly<Record<string, string | number>>): void {
  const lines = Object.entries(rows).map(([name, value]) => `  ${name.padEnd(44)} ${show(value)}`);
  console.log([title, ...lines].join('\n'));
}

const show = (value: string | number) =>
  typeof value === 'number' ? value.toFixed(value < 10 && !Number.isInteger(value) ? 2 : 0) : value;

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
