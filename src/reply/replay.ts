/** A kept message told again as a stream. */
import type { BlockDelta, BlockStart, Message, ReplyBlock, StreamEvent } from '../protocol/anthropic/events.ts';
import { newMessageId, newToolUseId } from './ids.ts';

/** Gives the message to `consume` as a complete event sequence under new ids: a client may hold the earlier ones already. */
export function replay(message: Message, consume: (event: StreamEvent) => void): void {
  const { role, model, stop_reason, stop_sequence, usage } = message;
  consume({
    type: 'message_start',
    message: {
      id: newMessageId(),
      type: 'message',
      role,
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usage, output_tokens: 0 },
    },
  });
  message.content.forEach((block, index) => {
    consume({ type: 'content_block_start', index, content_block: startOf(block) });
    for (const delta of deltasOf(block)) consume({ type: 'content_block_delta', index, delta });
    consume({ type: 'content_block_stop', index });
  });
  consume({ type: 'message_delta', delta: { stop_reason, stop_sequence }, usage });
  consume({ type: 'message_stop' });
}

function startOf(block: ReplyBlock): BlockStart {
  if (block.type === 'text') return { type: 'text', text: '' };
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return { type: 'tool_use', id: newToolUseId(), name: block.name, input: {} };
}

function deltasOf(block: ReplyBlock): BlockDelta[] {
  if (block.type === 'text') return [{ type: 'text_delta', text: block.text }];
  if (block.type === 'tool_use') return [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }];
  return [
    { type: 'thinking_delta', thinking: block.thinking },
    { type: 'signature_delta', signature: block.signature },
  ];
}
