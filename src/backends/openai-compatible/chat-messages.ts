/** A Prompt as chat messages. A longer conversation only adds messages: what an engine has cached of it stays valid. */
import type { Block, Prompt, Source, Tool, Turn } from '../../prompt/types.ts';
import type { ChatContent, ChatMessage, ChatTool, ChatToolCall, ContentPart } from '../../protocol/openai/chat.ts';
import type { ToolNames } from './tool-names.ts';

type Conversation = Pick<Prompt, 'system' | 'turns'>;
type ToolResult = Block & { readonly type: 'tool_result' };

/** @param closing sentences for this request only, put behind everything the client said */
export function toChatMessages(prompt: Conversation, names: ToolNames, closing: readonly string[] = []): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (prompt.system.length > 0) messages.push({ role: 'system', content: prompt.system.join('\n\n') });
  const called = new Set<string>();
  for (const turn of prompt.turns) {
    const added = turn.role === 'assistant' ? assistantMessages(turn, called, names) : userMessages(turn, called);
    for (const message of added) append(messages, message);
  }
  for (const sentence of closing) append(messages, { role: 'user', content: sentence });
  return messages;
}

/** Server-side tools (web search, …) have no schema: no local engine can run them. */
export function toChatTools(tools: readonly Tool[], names: ToolNames): ChatTool[] {
  return tools.flatMap(({ name, description, inputSchema }) =>
    inputSchema
      ? [{ type: 'function', function: { name: names.toWire(name), description, parameters: inputSchema } }]
      : [],
  );
}

function assistantMessages({ content }: Turn, called: Set<string>, names: ToolNames): ChatMessage[] {
  const thinking = content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []));
  const calls: ChatToolCall[] = [];
  for (const block of content) {
    if (block.type !== 'tool_use') continue;
    called.add(block.id);
    const call = { name: names.toWire(block.name), arguments: JSON.stringify(block.input) };
    calls.push({ id: block.id, type: 'function', function: call });
  }
  const text = joined(content);
  if (text === '' && calls.length === 0 && thinking.length === 0) return [];
  return [
    {
      role: 'assistant',
      content: text,
      ...(thinking.length > 0 ? { reasoning_content: thinking.join('\n') } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
  ];
}

/** The blocks of a user or system turn, in order. Images of tool results follow their run of results: `tool` holds text only. */
function userMessages({ role, content }: Turn, called: ReadonlySet<string>): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let images: ContentPart[] = [];
  const showImages = () => {
    if (images.length > 0) messages.push({ role: 'user', content: images });
    images = [];
  };
  for (const block of content) {
    if (block.type === 'tool_result' && called.has(block.toolUseId)) {
      messages.push({ role: 'tool', tool_call_id: block.toolUseId, content: resultText(block) });
      images.push(...imageParts(block.content));
      continue;
    }
    showImages();
    const shown = userContent(block);
    if (shown.length > 0)
      messages.push({ role: 'user', content: role === 'system' ? reminder(joined([block])) : shown });
  }
  showImages();
  return messages;
}

/** A later system message is refused by some templates, and switches SimpleEngine's prefix cache off. */
function reminder(text: string): string {
  return `<system-reminder>\n${text}\n</system-reminder>`;
}

/** A result that belongs to no call in sight is text: templates choke on it otherwise. */
function userContent(block: Block): ChatContent {
  if (block.type !== 'tool_result') return block.type === 'image' ? imageParts([block]) : joined([block]);
  const images = imageParts(block.content);
  const text = resultText(block);
  return images.length > 0 ? [{ type: 'text', text }, ...images] : text;
}

function resultText({ content, isError }: ToolResult): string {
  const text = joined(content);
  if (text === '' && content.some(({ type }) => type === 'image')) return '[image: see the next message]';
  return isError && !/error/i.test(text) ? `Error: ${text}` : text;
}

/** Neighbouring user messages are one: templates that insist on turns taking turns refuse two. */
function append(messages: ChatMessage[], message: ChatMessage): void {
  const last = messages.at(-1);
  if (last?.role !== 'user' || message.role !== 'user') messages.push(message);
  else messages[messages.length - 1] = { role: 'user', content: merged(last.content, message.content) };
}

function merged(a: ChatContent, b: ChatContent): ChatContent {
  return typeof a === 'string' && typeof b === 'string' ? `${a}\n${b}` : [...parts(a), ...parts(b)];
}

function parts(content: ChatContent): readonly ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function joined(content: readonly Block[]): string {
  return content.flatMap(blockText).join('\n');
}

function blockText(block: Block): string[] {
  switch (block.type) {
    case 'text':
      return [block.text];
    case 'document':
      if (block.source.type !== 'text') return [];
      return block.title === undefined ? [block.source.text] : [block.title, block.source.text];
    case 'other':
      return [JSON.stringify(block.value)];
    default:
      return [];
  }
}

function imageParts(content: readonly Block[]): ContentPart[] {
  return content.flatMap((block): ContentPart[] => {
    const url = block.type === 'image' ? imageUrl(block.source) : undefined;
    return url === undefined ? [] : [{ type: 'image_url', image_url: { url } }];
  });
}

function imageUrl(source: Source): string | undefined {
  if (source.type === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  return source.type === 'url' ? source.url : undefined;
}
