/** A Prompt as the request of a server with structured tool calls. */
import type { Prompt } from '../../prompt/types.ts';
import type { ChatRequest } from '../../protocol/openai/chat.ts';
import type { Sampling } from '../types.ts';
import { toChatTools } from './chat-messages.ts';
import { toConversation } from './conversation.ts';

interface Limits {
  readonly model: string;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Tools in plain words, see plain-fallback.ts. */
  readonly plain: boolean;
}

/** Stop sequences are not sent: a server that honours them does not say which one it was. */
export function openAiRequest(prompt: Prompt, { model, maxTokens, sampling, plain }: Limits): ChatRequest {
  const { settings } = prompt;
  const { messages, tools: shown } = toConversation(prompt, plain);
  // Servers that hold calls to a grammar allow no other names.
  const tools = plain ? [] : [...shown, ...toChatTools(prompt.loadedTools)];
  const mustCall = settings.toolChoice.type === 'any' || settings.toolChoice.type === 'tool';
  const temperature = settings.temperature ?? sampling.temperature;
  const topP = settings.topP ?? sampling.topP;
  const topK = settings.topK ?? sampling.topK;
  return {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(tools.length > 0 ? { tools } : {}),
    // The one choice that every server takes as a word and that leaves the rendered tools alone.
    ...(tools.length > 0 && mustCall ? { tool_choice: 'required' } : {}),
  };
}
