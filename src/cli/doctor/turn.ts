/** One turn sent to the gateway the way Claude Code sends it, and what came of it. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import { parseJson } from '../../protocol/json.ts';

export interface Turn {
  readonly text: string;
  readonly toolCall: { readonly id: string; readonly name: string; readonly json: string } | undefined;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** What the gateway says of how the prompt goes on from the turn before, in words; empty when it says nothing. */
  readonly cause: string;
  /** From sending to the first piece of the answer. */
  readonly ttftMs: number;
  /** What went wrong, in the gateway's words. */
  readonly error: string | undefined;
}

export interface Asked {
  readonly url: string;
  readonly key: string | undefined;
  readonly session: string;
}

const usage = z.looseObject({
  input_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
});
const failure = z.looseObject({ error: z.looseObject({ message: z.string() }) });
const event = z.looseObject({
  type: z.string(),
  message: z.looseObject({ usage }).optional(),
  usage: usage.optional(),
  content_block: z.looseObject({ type: z.string(), id: z.string().optional(), name: z.string().optional() }).optional(),
  delta: z
    .looseObject({ text: z.string().optional(), thinking: z.string().optional(), partial_json: z.string().optional() })
    .optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

/** A big model on a small machine may prefill for minutes. */
const patienceMs = 600_000;

export async function sendTurn({ url, key, session }: Asked, body: JsonObject): Promise<Turn> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      // The same question asked by an earlier run must reach the engine again.
      'cache-control': 'no-cache',
      'x-claude-code-session-id': session,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model: 'default', max_tokens: 32, stream: true, ...body }),
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok || !response.body) return failed(await response.text(), response.status);
  return readTurn(response.body, causeOf(response.headers), startedAt);
}

/** `x-warmslot-prefix: REUSED/TOTAL; cause` */
function causeOf(headers: Headers): string {
  return /^\d+\/\d+; (.*)$/.exec(headers.get('x-warmslot-prefix') ?? '')?.[1] ?? '';
}

async function readTurn(body: ReadableStream<Uint8Array>, cause: string, startedAt: number): Promise<Turn> {
  let text = '';
  let tool: { id: string; name: string } | undefined;
  let json = '';
  let ttftMs = Number.NaN;
  let counted: z.output<typeof usage> = {};
  let error: string | undefined;

  const parser = createParser({
    onEvent({ data }) {
      const parsed = parseJson(data);
      const known = event.safeParse(parsed.ok ? parsed.value : undefined);
      if (!known.success) return;
      const { message, usage: later, content_block: block, delta, error: said } = known.data;
      counted = { ...counted, ...message?.usage, ...later };
      if (block?.type === 'tool_use') tool ??= { id: block.id ?? '', name: block.name ?? '' };
      const piece = delta?.text ?? delta?.thinking ?? delta?.partial_json ?? '';
      // Empty deltas only keep the connection alive.
      if (Number.isNaN(ttftMs) && piece !== '') ttftMs = performance.now() - startedAt;
      text += delta?.text ?? '';
      json += delta?.partial_json ?? '';
      error ??= said?.message;
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));

  const cachedTokens = counted.cache_read_input_tokens ?? 0;
  return {
    text,
    toolCall: tool && { ...tool, json },
    promptTokens: (counted.input_tokens ?? 0) + cachedTokens + (counted.cache_creation_input_tokens ?? 0),
    cachedTokens,
    cause,
    ttftMs: Number.isNaN(ttftMs) ? performance.now() - startedAt : ttftMs,
    error,
  };
}

function failed(text: string, status: number): Turn {
  const parsed = parseJson(text);
  const known = failure.safeParse(parsed.ok ? parsed.value : undefined);
  const error = known.success ? known.data.error.message : `status ${status}`;
  return { text: '', toolCall: undefined, promptTokens: 0, cachedTokens: 0, cause: '', ttftMs: 0, error };
}
