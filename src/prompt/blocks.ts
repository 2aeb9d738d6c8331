/** Content blocks of a Messages request as canonical blocks. */
import type { RequestBlock } from '../protocol/anthropic/request.ts';
import { isJsonObject, type JsonObject, parseJson } from '../protocol/json.ts';
import { withoutMarks } from './marks.ts';
import type { Block, Source } from './types.ts';

/** What is done to the texts of a message, by who wrote it. */
export type CleanText = (text: string) => string;

const asWritten: CleanText = (text) => text;

/** Blocks in the order sent: a string is one text block, blank texts are gone. */
export function toBlocks(content: string | readonly RequestBlock[], clean: CleanText = asWritten): Block[] {
  if (typeof content === 'string') return textBlocks(clean(content));
  return content.flatMap((block) =>
    block.type === 'text' && typeof block.text === 'string' ? textBlocks(clean(block.text)) : [toBlock(block)],
  );
}

function textBlocks(text: string): Block[] {
  return /\S/.test(text) ? [{ type: 'text', text }] : [];
}

/** Blocks inside tool results reach this unchecked; one that is not what its type says passes as `other`. */
function toBlock(block: RequestBlock): Block {
  return known(block) ?? { type: 'other', value: withoutMarks(block as JsonObject) };
}

function known(block: RequestBlock): Block | undefined {
  switch (block.type) {
    case 'image':
      return isJsonObject(block.source) ? { type: 'image', source: toSource(block.source) } : undefined;
    case 'document':
      return isJsonObject(block.source) ? documentBlock(block.source, block.title) : undefined;
    case 'thinking':
      return typeof block.thinking === 'string' ? thinkingBlock(block.thinking, block.signature) : undefined;
    case 'redacted_thinking':
      return typeof block.data === 'string' ? { type: 'redacted_thinking', data: block.data } : undefined;
    case 'tool_use':
      return toolUse(block);
    case 'tool_result':
      return toolResult(block);
    default:
      return undefined;
  }
}

function documentBlock(source: JsonObject, title: unknown): Block {
  return { type: 'document', source: toSource(source), ...(typeof title === 'string' ? { title } : {}) };
}

function thinkingBlock(thinking: string, signature: unknown): Block {
  return { type: 'thinking', thinking, signature: typeof signature === 'string' ? signature : '' };
}

function toolUse({ id, name, input }: RequestBlock): Block | undefined {
  if (typeof id !== 'string' || typeof name !== 'string' || !isJsonObject(input)) return undefined;
  return { type: 'tool_use', id, name, input: toInput(input) };
}

/**
 * Claude Code echoes arguments it could not parse as `{"__unparsedToolInput":{"raw":…,"len":…}}`. The model gets back what it
 * wrote, as an object in any case: chat templates want one.
 */
function toInput(input: JsonObject): JsonObject {
  const unparsed = input.__unparsedToolInput;
  if (!isJsonObject(unparsed) || typeof unparsed.raw !== 'string') return input;
  const parsed = parseJson(unparsed.raw);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : { __unparsedToolInput: unparsed.raw };
}

function toolResult({ tool_use_id, content = [], is_error }: RequestBlock): Block | undefined {
  if (typeof tool_use_id !== 'string' || !isContent(content)) return undefined;
  return { type: 'tool_result', toolUseId: tool_use_id, content: toBlocks(content), isError: is_error === true };
}

function isContent(value: unknown): value is string | RequestBlock[] {
  return typeof value === 'string' || (Array.isArray(value) && value.every(isBlock));
}

function isBlock(value: unknown): value is RequestBlock {
  return isJsonObject(value) && typeof value.type === 'string';
}

function toSource(source: JsonObject): Source {
  const { type, data, url, media_type: mediaType } = source;
  if (type === 'base64' && typeof mediaType === 'string' && typeof data === 'string') return { type, mediaType, data };
  if (type === 'url' && typeof url === 'string') return { type, url };
  if (type === 'text' && typeof data === 'string') return { type, text: data };
  return { type: 'other', value: withoutMarks(source) };
}
