/**
 * Stream events folded into one message: the non-streamed answer, what the exact-response cache keeps, and what whoever joins
 * a running answer has missed of it.
 */
import type { Message, MessageHead, ReplyBlock, StopReason, StreamEvent, Usage } from '../protocol/anthropic/events.ts';
import { parseToolInput } from '../protocol/anthropic/tool-input.ts';
import { deltaOf } from './message-writer.ts';

export interface Fold {
  consume(event: StreamEvent): void;
  /** @throws Error when the stream did not come to its end: half an answer is never handed out as a whole one */
  message(): Message;
  /** The stream so far, from `message_start` with the ids it went out with; what came in pieces is one delta a block. */
  events(): StreamEvent[];
}

/** A block while it grows; `pieces` joined are its text, thinking or arguments. */
interface OpenBlock {
  readonly start: Extract<StreamEvent, { type: 'content_block_start' }>['content_block'];
  readonly pieces: string[];
  signature: string;
  closed: boolean;
}

export function createFold(): Fold {
  let head: MessageHead | undefined;
  let usage: Usage | undefined;
  let stop: { readonly reason: StopReason; readonly sequence: string | null } | undefined;
  let complete = false;
  const blocks: OpenBlock[] = [];

  return {
    consume(event) {
      switch (event.type) {
        case 'message_start':
          head = event.message;
          usage = head.usage;
          return;
        case 'content_block_start':
          blocks.push({ start: event.content_block, pieces: [], signature: '', closed: false });
          return;
        case 'content_block_delta': {
          const block = blocks.at(-1);
          if (!block) throw new Error('a delta before any content block');
          if (event.delta.type === 'text_delta') block.pieces.push(event.delta.text);
          else if (event.delta.type === 'thinking_delta') block.pieces.push(event.delta.thinking);
          else if (event.delta.type === 'input_json_delta') block.pieces.push(event.delta.partial_json);
          else block.signature += event.delta.signature;
          return;
        }
        case 'content_block_stop': {
          const block = blocks.at(-1);
          if (block) block.closed = true;
          return;
        }
        case 'message_delta':
          usage = event.usage;
          if (event.delta.stop_reason) stop = { reason: event.delta.stop_reason, sequence: event.delta.stop_sequence };
          return;
        case 'message_stop':
          complete = true;
      }
    },
    message() {
      if (!head || !usage || !stop || !complete) throw new Error('the stream is not complete');
      return {
        id: head.id,
        type: 'message',
        role: 'assistant',
        model: head.model,
        content: blocks.flatMap(folded),
        stop_reason: stop.reason,
        stop_sequence: stop.sequence,
        usage,
      };
    },
    events() {
      if (!head || !usage) return [];
      const events: StreamEvent[] = [{ type: 'message_start', message: head }, ...blocks.flatMap(retold)];
      if (!stop) return events;
      const delta = { stop_reason: stop.reason, stop_sequence: stop.sequence };
      events.push({ type: 'message_delta', delta, usage });
      return complete ? [...events, { type: 'message_stop' }] : events;
    },
  };
}

function retold({ start, pieces, signature, closed }: OpenBlock, index: number): StreamEvent[] {
  const events: StreamEvent[] = [{ type: 'content_block_start', index, content_block: start }];
  const whole = pieces.join('');
  if (whole !== '') events.push({ type: 'content_block_delta', index, delta: deltaOf(start.type, whole) });
  if (signature !== '') {
    events.push({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } });
  }
  return closed ? [...events, { type: 'content_block_stop', index }] : events;
}

/** A call cut off by `max_tokens` never stopped and has no arguments anybody could use: it is left out. */
function folded({ start, pieces, signature, closed }: OpenBlock): ReplyBlock[] {
  const whole = pieces.join('');
  if (start.type === 'text') return [{ type: 'text', text: whole }];
  if (start.type === 'thinking') return [{ type: 'thinking', thinking: whole, signature }];
  const input = closed ? parseToolInput(whole) : undefined;
  return input ? [{ type: 'tool_use', id: start.id, name: start.name, input }] : [];
}
