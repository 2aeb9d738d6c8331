/** A plain client of chat/completions, for tests that look at an engine's own wire. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { parseJson } from '../../src/protocol/json.ts';

const usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });

const toolCallDelta = z.object({
  index: z.number(),
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const chunk = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.literal(0),
      delta: z.looseObject({ content: z.string().optional(), tool_calls: z.array(toolCallDelta).optional() }),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: usage.nullable(),
  generation_metadata: z.null(),
});

export type Chunk = z.infer<typeof chunk>;
export type StreamRecord =
  | { readonly type: 'chunk'; readonly chunk: Chunk }
  | { readonly type: 'done' }
  | { readonly type: 'comment'; readonly text: string }
  | { readonly type: 'other'; readonly data: unknown };

export interface ChatOptions {
  readonly key?: string;
  readonly signal?: AbortSignal;
  /** Called for each record as it comes. */
  readonly onRecord?: (record: StreamRecord) => void;
}

export interface ChatResult {
  readonly status: number;
  readonly headers: Headers;
  readonly records: readonly StreamRecord[];
  /** The whole body as it came. */
  readonly raw: string;
  /** Why the body ended early, if it did. */
  readonly error: unknown;
}

/** Sends a chat/completions request and reads the answer to its end, good or bad. @throws when no answer's head came */
export async function chat(url: string, body: unknown, options: ChatOptions = {}): Promise<ChatResult> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(options.key ? { authorization: `Bearer ${options.key}` } : {}) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: options.signal ?? null,
  });
  const records: StreamRecord[] = [];
  const take = (record: StreamRecord): void => {
    records.push(record);
    options.onRecord?.(record);
  };
  const parser = createParser({
    onEvent: ({ data }) => take(recordOf(data)),
    onComment: (text) => take({ type: 'comment', text: text.trim() }),
  });
  const decoder = new TextDecoder();
  let raw = '';
  let error: unknown;
  try {
    for await (const bytes of response.body ?? []) {
      const text = decoder.decode(bytes, { stream: true });
      raw += text;
      parser.feed(text);
    }
  } catch (caught) {
    error = caught;
  }
  return { status: response.status, headers: response.headers, records, raw, error };
}

export function chunksOf(result: ChatResult): Chunk[] {
  return result.records.flatMap((record) => (record.type === 'chunk' ? [record.chunk] : []));
}

/** All content of a stream. */
export function textOf(result: ChatResult): string {
  return chunksOf(result)
    .map((chunk) => chunk.choices[0]?.delta.content ?? '')
    .join('');
}

export function finishOf(result: ChatResult): string | undefined {
  return chunksOf(result).flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])[0];
}

export function usageOf(result: ChatResult): z.infer<typeof usage> | undefined {
  return chunksOf(result).flatMap((chunk) => chunk.usage ?? [])[0];
}

/** The body of a GET, as JSON. */
export async function getJson(url: string, key?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: key ? { authorization: `Bearer ${key}` } : {} });
  return { status: response.status, body: await response.json() };
}

function recordOf(data: string): StreamRecord {
  if (data === '[DONE]') return { type: 'done' };
  const parsed = parseJson(data);
  const checked = chunk.safeParse(parsed.ok ? parsed.value : undefined);
  if (checked.success) return { type: 'chunk', chunk: checked.data };
  return { type: 'other', data: parsed.ok ? parsed.value : data };
}
