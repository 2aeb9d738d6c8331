/**
 * Checks an answer's bytes against what every client of the Messages API understands (the CLI and all SDKs, with and without
 * their accumulators): the "safe common subset". Stricter than any of them alone.
 */
import { z } from 'zod';
import { errorTable } from '../../src/protocol/errors.ts';
import { isJsonObject, parseJson } from '../../src/protocol/json.ts';

const count = z.int().min(0);
const usage = z.looseObject({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
});

const wellFormed = z.string().refine((text) => text.isWellFormed(), 'half a surrogate pair');

const blockStart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.literal('') }),
  z.strictObject({ type: z.literal('thinking'), thinking: z.literal(''), signature: z.literal('') }),
  z.strictObject({
    type: z.literal('tool_use'),
    id: z.string().regex(/^[\w-]+$/),
    name: z.string().min(1),
    input: z.strictObject({}),
  }),
]);

const blockDelta = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text_delta'), text: wellFormed }),
  z.strictObject({ type: z.literal('thinking_delta'), thinking: wellFormed }),
  z.strictObject({ type: z.literal('signature_delta'), signature: wellFormed }),
  z.strictObject({ type: z.literal('input_json_delta'), partial_json: wellFormed }),
]);

const stopReason = z.enum([
  'end_turn',
  'tool_use',
  'max_tokens',
  'stop_sequence',
  'refusal',
  'model_context_window_exceeded',
]);

const streamEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message_start'),
    message: z.strictObject({
      id: z.string().min(1),
      type: z.literal('message'),
      role: z.literal('assistant'),
      model: z.string(),
      content: z.tuple([]),
      stop_reason: z.null(),
      stop_sequence: z.null(),
      usage,
    }),
  }),
  z.strictObject({ type: z.literal('content_block_start'), index: count, content_block: blockStart }),
  z.strictObject({ type: z.literal('content_block_delta'), index: count, delta: blockDelta }),
  z.strictObject({ type: z.literal('content_block_stop'), index: count }),
  z.strictObject({
    type: z.literal('message_delta'),
    delta: z.strictObject({ stop_reason: stopReason.nullable(), stop_sequence: z.string().nullable() }),
    usage,
  }),
  z.strictObject({ type: z.literal('message_stop') }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({
    type: z.literal('error'),
    error: z.strictObject({
      type: z.enum([...new Set(Object.values(errorTable).map((row) => row.type))]),
      message: z.string().min(1),
      details: z.looseObject({}).optional(),
    }),
    request_id: z.string().min(1),
  }),
]);

export type LintedEvent = z.infer<typeof streamEvent>;

export interface Linted {
  /** Empty for a stream that every client reads the same way. */
  readonly problems: readonly string[];
  /** The events that could be read. */
  readonly events: readonly LintedEvent[];
}

/** Lints a whole response body. A stream that ends in `event: error` is as good as one that ends in `message_stop`. */
export function lintSse(bytes: Buffer | string): Linted {
  const problems: string[] = [];
  const events = parseRecords(decode(bytes, problems), problems);
  const order = lintOrder();
  for (const event of events) problems.push(...order.next(event));
  problems.push(...order.end());
  return { problems, events };
}

function decode(bytes: Buffer | string, problems: string[]): string {
  if (typeof bytes === 'string') return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    problems.push('the body is not UTF-8');
    return bytes.toString('utf8');
  }
}

function parseRecords(body: string, problems: string[]): LintedEvent[] {
  if (/[\r\u0085\u2028\u2029]/.test(body)) problems.push('a character some clients take for a line end');
  if (!body.endsWith('\n\n')) problems.push('no blank line after the last record');
  const records = body.split('\n\n').filter((record) => record !== '');
  return records.flatMap((record) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(record) ?? [];
    if (name === undefined || data === undefined) {
      problems.push(`not an event line and a data line: ${record}`);
      return [];
    }
    const json = parseJson(data);
    const event = streamEvent.safeParse(json.ok ? json.value : undefined);
    if (!event.success) {
      const issue = event.error.issues[0];
      problems.push(`${json.ok ? `${issue?.path.join('.')}: ${issue?.message}` : 'invalid JSON'} in: ${data}`);
      return [];
    }
    if (event.data.type !== name) problems.push(`event line ${name} over data of type ${event.data.type}`);
    return [event.data];
  });
}

type DeltaType = z.infer<typeof blockDelta>['type'];

const deltasOf: Readonly<Record<z.infer<typeof blockStart>['type'], readonly DeltaType[]>> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
};

interface OpenBlock {
  readonly type: keyof typeof deltasOf;
  json: string;
  signature: string;
}

/** Follows the sequence of events. `next` and `end` give what is wrong at that point. */
function lintOrder() {
  let started = false;
  let open: OpenBlock | undefined;
  let blocks = 0;
  let calls = 0;
  let reason: z.infer<typeof stopReason> | undefined;
  let over: 'message_stop' | 'error' | undefined;

  const startBlock = (event: Extract<LintedEvent, { type: 'content_block_start' }>): string[] => {
    const problems: string[] = [];
    if (open) problems.push(`block ${event.index} starts before block ${blocks - 1} stopped`);
    if (event.index !== blocks) problems.push(`block index ${event.index} instead of ${blocks}`);
    open = { type: event.content_block.type, json: '', signature: '' };
    blocks++;
    if (open.type === 'tool_use') calls++;
    return problems;
  };

  const addDelta = ({ index, delta }: Extract<LintedEvent, { type: 'content_block_delta' }>): string[] => {
    if (!open) return ['a delta outside of any block'];
    const problems = index === blocks - 1 ? [] : [`a delta for block ${index} inside of block ${blocks - 1}`];
    if (!deltasOf[open.type].includes(delta.type)) problems.push(`${delta.type} in a ${open.type} block`);
    if (open.signature !== '') problems.push('a delta after the signature');
    if (delta.type === 'input_json_delta') open.json += delta.partial_json;
    if (delta.type === 'signature_delta') open.signature = delta.signature;
    return problems;
  };

  const stopBlock = (index: number): string[] => {
    if (!open) return ['content_block_stop outside of any block'];
    const problems = index === blocks - 1 ? [] : [`content_block_stop ${index} inside of block ${blocks - 1}`];
    if (open.type === 'thinking' && open.signature === '') problems.push('a thinking block without signature');
    if (open.type === 'tool_use' && !isObjectText(open.json))
      problems.push(`tool input is no JSON object: ${open.json}`);
    open = undefined;
    return problems;
  };

  const endMessage = ({ delta }: Extract<LintedEvent, { type: 'message_delta' }>): string[] => {
    if (delta.stop_reason === null) return delta.stop_sequence === null ? [] : ['a stop sequence without a reason'];
    const problems: string[] = [];
    // A call that the token limit cut short stays open: one that stops is run, or answered with a tool error.
    const cutOff = open?.type === 'tool_use' && delta.stop_reason === 'max_tokens';
    if (open && !cutOff) problems.push('the message ends inside of a block');
    if (reason) problems.push('a second final message_delta');
    reason = delta.stop_reason;
    if (reason === 'tool_use' && calls === 0) problems.push('stop_reason tool_use without a tool_use block');
    if (reason !== 'tool_use' && reason !== 'max_tokens' && calls > 0) {
      problems.push(`stop_reason ${reason} after a tool_use block`);
    }
    if ((reason === 'stop_sequence') !== (delta.stop_sequence !== null)) {
      problems.push('stop_reason and stop_sequence contradict each other');
    }
    return problems;
  };

  const next = (event: LintedEvent): string[] => {
    if (over) return [`${event.type} after ${over}`];
    if (event.type === 'error') {
      over = 'error';
      return [];
    }
    if (event.type === 'message_start') {
      const problems = started ? ['a second message_start'] : [];
      started = true;
      return problems;
    }
    const problems = started ? [] : [`${event.type} before message_start`];
    started = true;
    if (reason && event.type !== 'message_stop' && event.type !== 'message_delta') {
      problems.push(`${event.type} after the final message_delta`);
    }
    switch (event.type) {
      case 'content_block_start':
        return [...problems, ...startBlock(event)];
      case 'content_block_delta':
        return [...problems, ...addDelta(event)];
      case 'content_block_stop':
        return [...problems, ...stopBlock(event.index)];
      case 'message_delta':
        return [...problems, ...endMessage(event)];
      case 'message_stop':
        over = 'message_stop';
        return reason ? problems : [...problems, 'message_stop without a final message_delta'];
      case 'ping':
        return problems;
    }
  };

  return { next, end: () => (over ? [] : ['the stream ends without message_stop or error']) };
}

function isObjectText(text: string): boolean {
  const json = parseJson(text);
  return json.ok && isJsonObject(json.value);
}
