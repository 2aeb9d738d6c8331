/** A Prompt's chat messages in the form models' own templates read. */
import type { Prompt } from '../../prompt/types.ts';
import { parseJson } from '../../protocol/json.ts';
import type { ChatMessage, ChatTool, ChatToolCall } from '../../protocol/openai/chat.ts';
import { toChatMessages, toChatTools } from '../openai-compatible/chat-messages.ts';
import { closingSentences } from '../openai-compatible/closing.ts';
import { plainNames } from '../openai-compatible/tool-names.ts';

/** Unlike on OpenAI's wire a call's arguments are an object, and a result names its tool: templates write both out. */
export type TemplateMessage =
  | Exclude<ChatMessage, { role: 'assistant' | 'tool' }>
  | (Omit<ChatMessage & { role: 'assistant' }, 'tool_calls'> & { readonly tool_calls?: readonly TemplateCall[] })
  | ((ChatMessage & { role: 'tool' }) & { readonly name: string });

interface TemplateCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: unknown };
}

export function toMessages(prompt: Prompt): TemplateMessage[] {
  const tools = new Map<string, string>();
  return toChatMessages(prompt, plainNames, closingSentences(prompt.settings, plainNames)).map((message) => {
    if (message.role === 'tool') return { ...message, name: tools.get(message.tool_call_id) ?? '' };
    if (message.role !== 'assistant') return message;
    const { tool_calls, ...spoken } = message;
    for (const call of tool_calls ?? []) tools.set(call.id, call.function.name);
    return tool_calls ? { ...spoken, tool_calls: tool_calls.map(templateCall) } : spoken;
  });
}

/** Tools this engine can be asked to call. */
export function toDefinitions(prompt: Prompt): ChatTool[] {
  return toChatTools(prompt.tools, plainNames);
}

function templateCall(call: ChatToolCall): TemplateCall {
  const parsed = parseJson(call.function.arguments);
  return { ...call, function: { name: call.function.name, arguments: parsed.ok ? parsed.value : {} } };
}
