/** A Prompt's chat messages in the form models' own templates read. */
import { hash } from 'node:crypto';
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
  | (ToolMessage & { readonly name: string });

type ToolMessage = ChatMessage & { readonly role: 'tool' };

interface TemplateCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: unknown };
}

export function toMessages(prompt: Prompt): TemplateMessage[] {
  const tools = new Map<string, string>();
  return toChatMessages(prompt, plainNames, closingSentences(prompt.settings, plainNames)).map((message) => {
    if (message.role === 'tool') return toolMessage(message, tools);
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

function toolMessage(
  message: ToolMessage,
  tools: ReadonlyMap<string, string>,
): ToolMessage & { readonly name: string } {
  const { tool_call_id } = message;
  return { ...message, tool_call_id: shortId(tool_call_id), name: tools.get(tool_call_id) ?? '' };
}

function templateCall(call: ChatToolCall): TemplateCall {
  const parsed = parseJson(call.function.arguments);
  return {
    id: shortId(call.id),
    type: 'function',
    function: { name: call.function.name, arguments: parsed.ok ? parsed.value : {} },
  };
}

/** Mistral's templates refuse ids that are not nine letters or digits; most others do not show them. */
function shortId(id: string): string {
  return hash('sha256', id, 'hex').slice(0, 9);
}
