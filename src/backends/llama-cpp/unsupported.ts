/** What a text model cannot be shown. */
import type { Block, Prompt } from '../../prompt/types.ts';
import { GatewayError } from '../../protocol/errors.ts';

/** The error to answer with, naming what it is that the prompt holds; undefined when all of it is text. */
export function unsupportedContent(prompt: Prompt): GatewayError | undefined {
  const kind = firstUnsupported(prompt.turns.flatMap(({ content }) => content));
  if (!kind) return undefined;
  return new GatewayError(
    'unsupported_content',
    `The embedded engine reads text only, and this conversation holds ${kind === 'image' ? 'an image' : 'a document'}. ` +
      'Leave it out, or configure an engine that reads it.',
  );
}

function firstUnsupported(blocks: readonly Block[]): 'image' | 'document' | undefined {
  for (const block of blocks) {
    if (block.type === 'image') return 'image';
    if (block.type === 'document' && block.source.type !== 'text') return 'document';
    const inner = block.type === 'tool_result' ? firstUnsupported(block.content) : undefined;
    if (inner) return inner;
  }
  return undefined;
}
