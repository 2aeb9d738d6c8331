/** A client that tells at every moment what it has of an answer. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { isJsonObject, parseJson } from '../../src/protocol/json.ts';

export interface Heard {
  text: string;
  thinking: string;
  /** The arguments of the last tool call as far as they have come. */
  json: string;
  calls: number;
  stopReason: string | undefined;
}

export interface Listener {
  readonly heard: Readonly<Heard>;
  /** Resolves when the predicate holds. @throws when the stream ends before */
  until(holds: (heard: Readonly<Heard>) => boolean): Promise<void>;
}

const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('content_block_start'), content_block: z.object({ type: z.string() }) }),
  z.object({
    type: z.literal('content_block_delta'),
    delta: z.discriminatedUnion('type', [
      z.object({ type: z.literal('text_delta'), text: z.string() }),
      z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
      z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
      z.object({ type: z.literal('signature_delta') }),
    ]),
  }),
  z.object({ type: z.literal('message_delta'), delta: z.object({ stop_reason: z.string() }) }),
]);

/** Sends a Messages request and listens to its stream. */
export function listenTo(url: string, body: object): Listener {
  const heard: Heard = { text: '', thinking: '', json: '', calls: 0, stopReason: undefined };
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of watchers) watcher();
  };

  const take = (data: string) => {
    const parsed = parseJson(data);
    const known = event.safeParse(parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined);
    if (!known.success) return;
    if (known.data.type === 'message_delta') heard.stopReason = known.data.delta.stop_reason;
    else if (known.data.type === 'content_block_start') {
      if (known.data.content_block.type !== 'tool_use') return;
      heard.calls++;
      heard.json = '';
    } else {
      const { delta } = known.data;
      if (delta.type === 'text_delta') heard.text += delta.text;
      else if (delta.type === 'thinking_delta') heard.thinking += delta.thinking;
      else if (delta.type === 'input_json_delta') heard.json += delta.partial_json;
    }
  };

  const read = async () => {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'default',
        max_tokens: 10_000,
        stream: true,
        messages: [{ role: 'user', content: 'go on' }],
        ...body,
      }),
    });
    const parser = createParser({ onEvent: ({ data }) => take(data) });
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      look();
    }
  };
  const over = read().then(() => {
    throw new Error(`the stream ended with ${JSON.stringify(heard)}`);
  });
  over.catch(() => undefined);

  return {
    heard,
    until: (holds) =>
      Promise.race([
        over,
        new Promise<void>((resolve) => {
          const watcher = () => {
            if (!holds(heard)) return;
            watchers.delete(watcher);
            resolve();
          };
          watchers.add(watcher);
          watcher();
        }),
      ]),
  };
}
