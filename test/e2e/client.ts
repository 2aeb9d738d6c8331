/** A plain client of the Messages API, for what is looked at on the wire itself. */
import { z } from 'zod';
import { parseJson } from '../../src/protocol/json.ts';
import { lintSse } from '../support/sse-lint.ts';

const usage = z.object({
  input_tokens: z.number(),
  cache_creation_input_tokens: z.number(),
  cache_read_input_tokens: z.number(),
  output_tokens: z.number(),
});

export type Usage = z.infer<typeof usage>;

const event = z.looseObject({
  type: z.string(),
  index: z.number().optional(),
  message: z.looseObject({ usage }).optional(),
  content_block: z.looseObject({ type: z.string(), id: z.string().optional(), name: z.string().optional() }).optional(),
  delta: z
    .looseObject({
      type: z.string().optional(),
      text: z.string().optional(),
      partial_json: z.string().optional(),
      stop_reason: z.string().nullish(),
    })
    .optional(),
  usage: usage.optional(),
  error: z.looseObject({ type: z.string(), message: z.string() }).optional(),
});

export type SseEvent = z.infer<typeof event>;

export interface StreamReply {
  readonly status: number;
  readonly headers: Headers;
  readonly raw: string;
  readonly events: readonly SseEvent[];
  readonly text: string;
  /** Name, id and concatenated input of each call. */
  readonly calls: readonly { readonly name: string; readonly id: string; readonly json: string }[];
  readonly stopReason: string | undefined;
  /** The final figures. */
  readonly usage: Usage | undefined;
  /** What the event grammar has against it. */
  readonly problems: readonly string[];
}

export const ask = (text: string, more: object = {}) => ({
  model: 'claude-opus-5-5',
  max_tokens: 4096,
  messages: [{ role: 'user', content: text }],
  ...more,
});

export const noCache = { 'cache-control': 'no-cache' };

export function post(
  url: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer local-test', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Sends a request and reads its stream to the end. */
export async function stream(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<StreamReply> {
  const response = await post(url, { ...body, stream: true }, headers);
  const raw = await response.text();
  return { status: response.status, headers: response.headers, ...readStream(raw) };
}

export function readStream(raw: string): Omit<StreamReply, 'status' | 'headers'> {
  const events = raw
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => {
      const parsed = parseJson(line.slice(6));
      return event.parse(parsed.ok ? parsed.value : undefined);
    });
  const last = events.findLast(({ type, delta }) => type === 'message_delta' && delta?.stop_reason);
  return {
    raw,
    events,
    text: events.map(({ delta }) => delta?.text ?? '').join(''),
    calls: events.flatMap(({ content_block: block, index }) => {
      if (block?.type !== 'tool_use') return [];
      const json = events
        .filter((one) => one.index === index)
        .map(({ delta }) => delta?.partial_json ?? '')
        .join('');
      return [{ name: block.name ?? '', id: block.id ?? '', json }];
    }),
    stopReason: last?.delta?.stop_reason ?? undefined,
    usage: last?.usage,
    problems: lintSse(raw).problems,
  };
}

/** Tokens of the whole prompt. */
export function promptTokens(usage: Usage | undefined): number {
  if (!usage) throw new Error('no usage');
  return usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
}
