/**
 * Tools in words, for models whose chat template has no place for them: definitions in the system text, calls and results as
 * text. vllm-mlx writes calls of the past in the same bracket form for such models, and src/toolcalls reads it back.
 */
import type { ChatMessage, ChatTool, ChatToolCall } from '../../protocol/openai/chat.ts';
import { append } from './chat-messages.ts';

export function inPlainWords(messages: readonly ChatMessage[], tools: readonly ChatTool[]): ChatMessage[] {
  const [first, ...others] = messages;
  const system = first?.role === 'system' ? first.content : '';
  const head = [system, toolText(tools)].filter((text) => text !== '').join('\n\n');
  const plain: ChatMessage[] = head === '' ? [] : [{ role: 'system', content: head }];
  const names = new Map<string, string>();
  for (const message of first?.role === 'system' ? others : messages) {
    if (message.role === 'assistant')
      for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name);
    append(plain, plainMessage(message, names));
  }
  return plain;
}

function plainMessage(message: ChatMessage, names: ReadonlyMap<string, string>): ChatMessage {
  if (message.role === 'tool') {
    const name = names.get(message.tool_call_id) ?? message.tool_call_id;
    return { role: 'user', content: `[Tool Result (${name})]: ${message.content}` };
  }
  if (message.role !== 'assistant' || !message.tool_calls) return message;
  const { tool_calls, ...spoken } = message;
  const content = [spoken.content, ...tool_calls.map(callText)].filter((text) => text !== '').join('\n');
  return { ...spoken, content };
}

function callText({ function: { name, arguments: json } }: ChatToolCall): string {
  return `[Calling tool: ${name}(${json})]`;
}

function toolText(tools: readonly ChatTool[]): string {
  if (tools.length === 0) return '';
  return [
    '# Tools',
    'You can call these tools, each described by a JSON object with the JSON schema of its arguments:',
    tools.map((tool) => JSON.stringify(tool.function)).join('\n'),
    'Call one by writing its name and its arguments, one JSON object, on a line of their own in exactly this form:\n' +
      '[Calling tool: NAME({"argument": "value"})]\n' +
      'Then end your answer: the result comes with the next message.',
  ].join('\n\n');
}
