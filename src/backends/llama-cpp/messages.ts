/** A Prompt as the chat messages that models' templates are written for (OpenAI's shape, plain texts). */
import type { Block, Prompt, Turn } from '../../prompt/types.ts';
import type { JsonObject } from '../../protocol/json.ts';

export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: JsonObject };
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly ToolCall[];
    }
  | { readonly role: 'tool'; readonly content: string; readonly name: string; readonly tool_call_id: string };

export interface ToolDefinition {
  readonly type: 'function';
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
}

export function toMessages(prompt: Prompt): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (prompt.system.length > 0) messages.push({ role: 'system', content: prompt.system.join('\n\n') });
  const names = toolNames(prompt);
  for (const turn of prompt.turns) {
    for (const message of turnMessages(turn, names)) append(messages, message);
  }
  return messages;
}

/** Tools this engine can be asked to call. Server-side ones (web search, …) have no schema and run nowhere here. */
export function toDefinitions(prompt: Prompt): ToolDefinition[] {
  if (prompt.settings.toolChoice.type === 'none') return [];
  return prompt.tools.flatMap(({ name, description, inputSchema }) =>
    inputSchema ? [{ type: 'function', function: { name, description, parameters: inputSchema } }] : [],
  );
}

function turnMessages(turn: Turn, names: ReadonlyMap<string, string>): ChatMessage[] {
  if (turn.role === 'assistant') return [assistantMessage(turn.content)];
  return turn.content.map((block): ChatMessage => {
    if (block.type === 'tool_result') {
      const { toolUseId } = block;
      return {
        role: 'tool',
        content: textOf(block.content),
        name: names.get(toolUseId) ?? '',
        tool_call_id: toolUseId,
      };
    }
    const text = textOf([block]);
    // Most templates refuse a system message that is not the first one, some move it there and with it the whole prefix.
    const content = turn.role === 'system' ? `<system-reminder>\n${text}\n</system-reminder>` : text;
    return { role: 'user', content };
  });
}

function assistantMessage(content: readonly Block[]): ChatMessage {
  const thinking = content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []));
  const calls = content.flatMap((block): ToolCall[] =>
    block.type === 'tool_use'
      ? [{ id: block.id, type: 'function', function: { name: block.name, arguments: block.input } }]
      : [],
  );
  return {
    role: 'assistant',
    content: textOf(content),
    ...(thinking.length > 0 ? { reasoning_content: thinking.join('\n') } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** User texts in a row are one message: templates that insist on turns taking turns refuse two. */
function append(messages: ChatMessage[], message: ChatMessage): void {
  const last = messages.at(-1);
  if (last?.role === 'user' && message.role === 'user') {
    messages[messages.length - 1] = { role: 'user', content: `${last.content}\n${message.content}` };
  } else {
    messages.push(message);
  }
}

function textOf(content: readonly Block[]): string {
  return content.flatMap(blockTexts).join('\n');
}

/** Images and other documents never get here: the backend refuses them. */
function blockTexts(block: Block): string[] {
  switch (block.type) {
    case 'text':
      return [block.text];
    case 'document':
      return block.source.type === 'text' ? [block.source.text] : [];
    case 'other':
      return [JSON.stringify(block.value)];
    default:
      return [];
  }
}

function toolNames(prompt: Prompt): Map<string, string> {
  return new Map(
    prompt.turns.flatMap(({ content }) =>
      content.flatMap((block): [string, string][] => (block.type === 'tool_use' ? [[block.id, block.name]] : [])),
    ),
  );
}
