/** A Prompt as vllm-mlx's chat request: with nothing on the wire that would switch its prefix cache off. */
import type { Prompt } from '../../prompt/types.ts';
import type { ChatMessage, ChatRequest, ChatTool } from '../../protocol/openai/chat.ts';
import { toConversation } from '../openai-compatible/conversation.ts';
import type { Sampling } from '../types.ts';

interface Limits {
  readonly model: string;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Tools reach the template alone, so that calls come back as the model wrote them, whatever its family. */
  readonly raw: boolean;
  /** Tools in plain words, for a template that refuses them. */
  readonly plain: boolean;
  /** White space behind the last message; see repeats.ts. */
  readonly ending: string;
}

/** Seconds the engine may be silent, its own queue and prefill included; its default ends long prefills. */
const silence = 3_600;

/**
 * SimpleEngine prefills everything when it is given `stop`, `top_k`, `min_p`, penalties or `response_format`, and a
 * `tool_choice` changes the prefix. Temperature and top_p are always said: left out, the server's own defaults count.
 */
export function vllmMlxRequest(prompt: Prompt, limits: Limits): ChatRequest {
  const { settings } = prompt;
  const { sampling, raw } = limits;
  const { messages, tools } = toConversation(prompt, limits.plain);
  const template = templateArguments(raw ? tools : [], settings.thinking === 'disabled');
  return {
    model: limits.model,
    messages: withEnding(messages, limits.ending),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: limits.maxTokens,
    temperature: settings.temperature ?? sampling.temperature ?? 0.7,
    top_p: settings.topP ?? sampling.topP ?? 0.9,
    timeout: silence,
    ...(template ? { chat_template_kwargs: template } : {}),
    ...(!raw && tools.length > 0 ? { tools } : {}),
  };
}

function templateArguments(tools: readonly ChatTool[], withoutThinking: boolean): ChatRequest['chat_template_kwargs'] {
  if (tools.length === 0 && !withoutThinking) return undefined;
  return { ...(tools.length > 0 ? { tools } : {}), ...(withoutThinking ? { enable_thinking: false } : {}) };
}

function withEnding(messages: readonly ChatMessage[], ending: string): readonly ChatMessage[] {
  const last = messages.at(-1);
  if (ending === '' || !last || last.role === 'assistant' || typeof last.content !== 'string') return messages;
  return [...messages.slice(0, -1), { ...last, content: last.content + ending }];
}
