/** An answer's segments as the deltas the engine makes of them: with its tool parser, or as the model wrote them. */
import type { JsonObject } from '../../../src/protocol/json.ts';
import { markup, type Segment } from '../directives.ts';
import type { Quirks } from './quirks.ts';
import type { ChatRequest } from './request.ts';
import { countTokens, tokenize } from './tokens.ts';
import { hex8 } from './wire.ts';

/** A delta put on the wire as it stands, for what odd tool parsers make. */
export type ReplySegment = Segment | { readonly type: 'delta'; readonly delta: JsonObject };

/** One step of a reply: after `tokens` decoded tokens the delta goes out, if there is one. */
export interface ReplyPart {
  readonly tokens: number;
  /** JSON of the delta object. */
  readonly delta: string | undefined;
  /** As the model wrote it, markup included. */
  readonly text: string;
  /** For an answer in one piece: its share of the content, or its tool call. */
  readonly content?: string;
  readonly call?: ToolCall;
}

interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface Reply {
  readonly parts: readonly ReplyPart[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
  readonly completionTokens: number;
  /** Cut by max_tokens on a delta of its own: the finish reason goes out with the last content. */
  readonly finishInLast: boolean;
}

type Shaping = Pick<Quirks, 'engine' | 'reasoningParser' | 'errorFrameAfter'>;

/** Everything the engine will say to a request, its limits applied. */
export function replyOf(segments: readonly ReplySegment[], request: ChatRequest, quirks: Shaping): Reply {
  const parsed = (request.tools ?? []).length > 0;
  let calls = 0;
  const all = segments.flatMap((segment): ReplyPart[] => {
    if (segment.type === 'delta') return [{ tokens: 1, delta: JSON.stringify(segment.delta), text: '' }];
    if (segment.type === 'thinking' && quirks.reasoningParser) return pieces('reasoning_content', `${segment.text}\n`);
    if (segment.type !== 'tool' || !parsed) return pieces('content', markup(segment));
    return [toolCall(calls++, segment)];
  });
  // SimpleEngine emits the stop string and ends; the batched engine does not look for it.
  const stops = quirks.engine === 'simple' ? (request.stop ?? []) : [];
  const reply = limit(cutAtStop(all, stops), request.max_tokens ?? Number.POSITIVE_INFINITY, calls > 0);
  return { ...reply, parts: reply.parts.slice(0, quirks.errorFrameAfter) };
}

function pieces(key: 'content' | 'reasoning_content', text: string): ReplyPart[] {
  return tokenize(text).map((piece) => {
    const part = { tokens: 1, delta: `{"${key}":${JSON.stringify(piece)}}`, text: piece };
    return key === 'content' ? { ...part, content: piece } : part;
  });
}

function toolCall(index: number, segment: Segment & { type: 'tool' }): ReplyPart {
  const { name, arguments: args } = segment;
  const call: ToolCall = { id: `call_${hex8()}`, type: 'function', function: { name, arguments: args } };
  const text = markup(segment);
  return { tokens: countTokens(text), delta: JSON.stringify({ tool_calls: [{ index, ...call }] }), text, call };
}

function cutAtStop(parts: readonly ReplyPart[], stops: readonly string[]): readonly ReplyPart[] {
  if (stops.length === 0) return parts;
  let text = '';
  const end = parts.findIndex((part) => {
    text += part.text;
    return stops.some((stop) => text.includes(stop));
  });
  return end < 0 ? parts : parts.slice(0, end + 1);
}

function limit(parts: readonly ReplyPart[], maxTokens: number, hasCalls: boolean): Reply {
  let tokens = 0;
  for (const [i, part] of parts.entries()) {
    tokens += part.tokens;
    if (tokens < maxTokens) continue;
    const whole = tokens === maxTokens;
    return {
      parts: parts.slice(0, whole ? i + 1 : i),
      finish: 'length',
      completionTokens: maxTokens,
      finishInLast: whole && part.delta !== undefined,
    };
  }
  // The end token counts.
  return { parts, finish: hasCalls ? 'tool_calls' : 'stop', completionTokens: tokens + 1, finishInLast: false };
}
