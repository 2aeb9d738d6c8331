/** A Prompt's chat messages in the form models' own templates read. */
import { hash } from 'node:crypto';
import type { Prompt } from '../../prompt/types.ts';
import { parseJson } from '../../protocol/json.ts';
import type { ChatMessage, ChatTool, ChatToolCall } from '../../protocol/openai/chat.ts';
import { toConversation } from '../openai-compatible/conversation.ts';

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

export interface TemplateInput {
  readonly messages: readonly TemplateMessage[];
  readonly tools: readonly ChatTool[];
}

/** @param plain tools stand in the messages, for a template that has no place for them */
export function toTemplateInput(prompt: Prompt, plain: boolean): TemplateInput {
  const { messages, tools } = toConversation(prompt, plain);
  return { messages: toTemplateMessages(messages), tools };
}

function toTemplateMessages(messages: readonly ChatMessage[]): TemplateMessage[] {
  const tools = new Map<string, string>();
  return messages.map((message) => {
    if (message.role === 'tool') return toolMessage(message, tools);
    if (message.role !== 'assistant') return message;
    const { tool_calls, ...spoken } = message;
    for (const call of tool_calls ?? []) tools.set(call.id, call.function.name);
    return tool_calls ? { ...spoken, tool_calls: tool_calls.map(templateCall) } : spoken;
  });
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
