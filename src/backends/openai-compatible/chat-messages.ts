/** A Prompt as chat messages. A longer conversation only adds messages: what an engine has cached of it stays valid. */
import { toolAlias } from '../../prompt/tool-alias.ts';
import type { Block, Prompt, Source, Tool, Turn } from '../../prompt/types.ts';
import type { ChatContent, ChatMessage, ChatTool, ChatToolCall, ContentPart } from '../../protocol/openai/chat.ts';

type Conversation = Pick<Prompt, 'system' | 'turns'>;
type ToolUse = Block & { readonly type: 'tool_use' };
type ToolResult = Block & { readonly type: 'tool_result' };

/** @param closing sentences for this request only, put behind everything the client said */
export function toChatMessages(prompt: Conversation, closing: readonly string[] = []): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (prompt.system.length > 0) messages.push({ role: 'system', content: prompt.system.join('\n\n') });
  /** Ids of the latest calls, in their order. */
  let calls: readonly string[] = [];
  for (const turn of prompt.turns) {
    const added = turn.role === 'assistant' ? assistantMessages(turn) : userMessages(turn, calls);
    if (turn.role === 'assistant') calls = toolUses(turn).map(({ id }) => id);
    for (const message of added) append(messages, message);
  }
  for (const sentence of closing) append(messages, { role: 'user', content: sentence });
  return messages;
}

/** Server-side tools (web search, …) have no schema: no local engine can run them. */
export function toChatTools(tools: readonly Tool[]): ChatTool[] {
  return tools.flatMap(({ name, description, inputSchema }) =>
    inputSchema
      ? [{ type: 'function', function: { name: toolAlias(name), description, parameters: inputSchema } }]
      : [],
  );
}

function assistantMessages(turn: Turn): ChatMessage[] {
  const { content } = turn;
  const thinking = content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []));
  const calls = toolUses(turn).map(toChatCall);
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

function toolUses({ content }: Turn): ToolUse[] {
  return content.filter((block) => block.type === 'tool_use');
}

function toChatCall({ id, name, input }: ToolUse): ChatToolCall {
  return { id, type: 'function', function: { name: toolAlias(name), arguments: JSON.stringify(input) } };
}

/**
 * Results stand before everything else, then the images in them (`tool` holds text only), then the other blocks in order.
 * @param calls ids of the calls this turn answers
 */
function userMessages({ role, content }: Turn, calls: readonly string[]): ChatMessage[] {
  const results = resultsOf(calls, content);
  const messages: ChatMessage[] = results.map((result) => ({
    role: 'tool',
    tool_call_id: result.toolUseId,
    content: resultText(result),
  }));
  const images = results.flatMap((result) => imageParts(result.content));
  if (images.length > 0) messages.push({ role: 'user', content: images });
  for (const block of content) {
    if (results.some((result) => result === block)) continue;
    const shown = userContent(block);
    if (shown.length === 0) continue;
    messages.push({ role: 'user', content: role === 'system' ? reminder(joined([block])) : shown });
  }
  return messages;
}

/**
 * One result for each call, in the order of the calls: Claude Code sends them as its tools finish, and templates that show
 * no ids (ChatML's) leave the model nothing but the order to tell them apart.
 */
function resultsOf(calls: readonly string[], content: readonly Block[]): ToolResult[] {
  const left = content.filter((block) => block.type === 'tool_result');
  return calls.flatMap((id) => {
    const at = left.findIndex(({ toolUseId }) => toolUseId === id);
    return at < 0 ? [] : left.splice(at, 1);
  });
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
export function append(messages: ChatMessage[], message: ChatMessage): void {
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
