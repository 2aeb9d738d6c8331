/** Claude Code's question whether there is a model of this name: one token of an answer to "Hi", not streamed, without tools. */
import type { Prompt } from '../prompt/types.ts';
import type { Message } from '../protocol/anthropic/events.ts';
import { newMessageId } from '../reply/ids.ts';

/** `/model NAME` sends it (2.1.330). That the name can be served is all it wants to know; an engine would lose a warm prefix over it. */
export function isProbe({ system, tools, turns, settings }: Prompt, stream: boolean): boolean {
  const [turn, ...more] = turns;
  const [block, ...rest] = turn?.content ?? [];
  const isHi = block?.type === 'text' && block.text === 'Hi' && rest.length === 0 && more.length === 0;
  return isHi && settings.maxTokens === 1 && !stream && system.length === 0 && tools.length === 0;
}

export function probeAnswer({ model }: Prompt, promptTokens: number): Message {
  return {
    id: newMessageId(),
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'max_tokens',
    stop_sequence: null,
    usage: {
      input_tokens: promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
    },
  };
}
