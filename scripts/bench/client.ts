/** The benchmark's client: sends one request, directly or through warmslot, and reads the stream to its end. */
import { Agent, request as httpRequest } from 'node:http';
import { createParser } from 'eventsource-parser';

export type Route = 'direct' | 'relay' | 'warmslot';

export interface Target {
  readonly name: Route;
  readonly port: number;
  readonly path: string;
  /** A body for the prompt, which is unique: nothing may come from the exact-response cache. */
  body(prompt: string, chunks: number): string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StreamResult {
  /** Milliseconds from sending to the first content. */
  readonly ttftMs: number;
  readonly contentEvents: number;
  /** Milliseconds each stamped chunk took from the engine to here. */
  readonly delays: readonly number[];
  /** As warmslot's usage says; 0 on the other routes. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Resolves at the end of the stream; rejects when it does not end properly. */
export function runStream(target: Target, prompt: string, chunks: number, signal?: AbortSignal): Promise<StreamResult> {
  const body = target.body(prompt, chunks);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    let ttftMs = 0;
    let contentEvents = 0;
    let ended = false;
    const delays: number[] = [];
    let usage = { promptTokens: 0, cachedTokens: 0 };
    const parser = createParser({
      onEvent({ data }) {
        const text = data === '[DONE]' ? undefined : textOf(data);
        if (data === '[DONE]' || text === endOfMessage) ended = true;
        usage = usageOf(data) ?? usage;
        if (text === undefined || text === endOfMessage) return;
        contentEvents++;
        if (ttftMs === 0) ttftMs = performance.now() - started;
        for (const [, sentAt] of text.matchAll(/@(\d+\.\d+) /g)) {
          delays.push(performance.timeOrigin + performance.now() - Number(sentAt));
        }
      },
    });
    const decoder = new TextDecoder();
    const options = {
      host: '127.0.0.1',
      port: target.port,
      path: target.path,
      method: 'POST',
      agent,
      ...(signal ? { signal } : {}),
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...target.headers },
    };
    const request = httpRequest(options, (response) => {
      response.on('data', (piece: Buffer) => parser.feed(decoder.decode(piece, { stream: true })));
      response.on('end', () =>
        ended
          ? resolve({ ttftMs, contentEvents, delays, ...usage })
          : reject(new Error(`${target.name}: the stream broke off (${response.statusCode})`)),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const endOfMessage = Symbol('message_stop');

/** What a client does with each event: parse it and take the text out. */
function textOf(data: string): string | typeof endOfMessage | undefined {
  const event = JSON.parse(data) as {
    type?: string;
    delta?: { text?: string };
    choices?: { delta?: { content?: string } }[];
  };
  if (event.type === 'message_stop') return endOfMessage;
  return event.type ? event.delta?.text : event.choices?.[0]?.delta?.content;
}

/** Of warmslot's last event but one; the others are not looked into twice. */
function usageOf(data: string): Pick<StreamResult, 'promptTokens' | 'cachedTokens'> | undefined {
  if (!data.startsWith('{"type":"message_delta"')) return undefined;
  const { usage } = JSON.parse(data) as { usage: Readonly<Record<string, number>> };
  const { input_tokens = 0, cache_creation_input_tokens = 0, cache_read_input_tokens: cachedTokens = 0 } = usage;
  return { promptTokens: input_tokens + cache_creation_input_tokens + cachedTokens, cachedTokens };
}
