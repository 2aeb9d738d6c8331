/** A Prompt as what a chat template takes. */
import type { Prompt } from '../../prompt/types.ts';
import type { ChatMessage, ChatTool } from '../../protocol/openai/chat.ts';
import { toChatMessages, toChatTools } from './chat-messages.ts';
import { closingSentences } from './closing.ts';
import { inPlainWords } from './plain-tools.ts';

export interface Conversation {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
}

/** @param plain tools stand in the messages, for a template that has no place for them */
export function toConversation(prompt: Prompt, plain: boolean): Conversation {
  const messages = toChatMessages(prompt, closingSentences(prompt.settings));
  const tools = toChatTools(prompt.tools);
  return plain ? { messages: inPlainWords(messages, tools), tools: [] } : { messages, tools };
}
