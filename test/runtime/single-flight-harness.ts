/** A gateway whose engine the test plays, asked by clients that come, leave and ask again. */
import { expect, onTestFinished } from 'vitest';
import type { Message, StreamEvent } from '../../src/protocol/anthropic/events.ts';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { GatewayError } from '../../src/protocol/errors.ts';
import { createFold } from '../../src/reply/fold.ts';
import type { GatewayEvent } from '../../src/runtime/events.ts';
import type { Timing } from '../../src/runtime/timing.ts';
import { startApp } from '../support/app.ts';
import type { ConfigInput } from '../support/gateway.ts';
import { liveClient } from '../support/live-client.ts';
import { type PlayedEngine, playedEngine } from '../support/played-engine.ts';
import { lintSse } from '../support/sse-lint.ts';

interface Started {
  readonly engine?: PlayedEngine;
  readonly timing?: Partial<Timing>;
  readonly config?: ConfigInput;
}

/** With a grace that lasts longer than any test, unless told otherwise. */
export async function start({ engine = playedEngine(), timing = {}, config = {} }: Started = {}) {
  const gateway = await startApp(
    { backends: { played: { type: 'openai', baseUrl: 'http://127.0.0.1:1' } }, ...config },
    { backends: { openai: engine.create }, timing: { grace: 60_000, ...timing } },
  );
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= gateway.close();
    return closed;
  };
  onTestFinished(close);
  const events: GatewayEvent[] = [];
  gateway.app.gateway.events.on((event) => events.push(event));
  const finished = () => events.filter((event) => event.type === 'request.finished');
  const health = () => gateway.app.gateway.health();
  return {
    url: gateway.url,
    close,
    engine,
    events,
    finished,
    health,
    ask: (more: object = {}, headers: Record<string, string> = {}) =>
      liveClient(gateway.url, { ...body, ...more }, headers),
    joined: () => events.filter((event) => event.type === 'request.joined').length,
    /** Resolves once the gateway has seen that many clients leave an answer without anybody to read it. */
    deserted: (times = 1) =>
      expect.poll(() => events.filter((event) => event.type === 'request.deserted').length).toBe(times),
    async leftNothing() {
      await expect.poll(() => health().queue).toEqual({ waiting: 0, running: 0 });
      await expect.poll(() => finished().length).toBe(events.filter(({ type }) => type === 'request.started').length);
      expect(health().backends.map(({ slots }) => slots.busy)).toEqual(health().backends.map(() => 0));
    },
  };
}

export const body = {
  model: 'default',
  max_tokens: 900,
  stream: true,
  tools: [{ name: 'Read', input_schema: { type: 'object', properties: { file_path: { type: 'string' } } } }],
  messages: [{ role: 'user', content: 'Read it.' }],
};
export const other = { messages: [{ role: 'user', content: 'Something else.' }] };
/** Urgent less than `body`. */
export const title = { ...other, tools: [], max_tokens: 50 };

export const started: EngineEvent = { type: 'started', promptTokens: 70 };
export const text = (text: string): EngineEvent => ({ type: 'text', text });
export const call: EngineEvent[] = [
  { type: 'toolCallStart', name: 'Read' },
  { type: 'toolCallArguments', json: '{"file_path":"/the' },
  { type: 'toolCallArguments', json: '/file"}' },
  { type: 'toolCallEnd' },
];
export const ended: EngineEvent = { type: 'ended', reason: 'tool_use' };
export const broken: EngineEvent = { type: 'failed', error: new GatewayError('engine_failed', 'it broke') };

/** The message a stream tells, which must be one that every client understands. */
export function told(bytes: string): Message {
  const { problems, events } = lintSse(bytes);
  expect(problems).toEqual([]);
  const fold = createFold();
  for (const event of events) fold.consume(event as StreamEvent);
  return fold.message();
}
