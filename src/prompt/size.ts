/** How large a block is once a chat template has rendered it: estimates, in UTF-8 bytes, good for ratios. */
import type { Block, Source } from './types.ts';

/** Role markers around a turn, as `<|im_start|>user\n…<|im_end|>\n`. */
export const turnBytes = 24;

/** An image or a page takes about 1500 tokens of four bytes, whatever its file size. */
const mediaBytes = 4 * 1500;

/** @param line the block's canonical line, so that arguments need not be serialised twice */
export function renderedBytes(block: Block, line: string): number {
  switch (block.type) {
    case 'text':
      return Buffer.byteLength(block.text);
    case 'thinking':
      return Buffer.byteLength(block.thinking);
    case 'redacted_thinking':
      return 0;
    case 'image':
    case 'document':
      return sourceBytes(block.source);
    case 'tool_result':
      return resultMarkerBytes + block.content.reduce((sum, inner) => sum + innerBytes(inner), 0);
    case 'tool_use':
    case 'other':
      return Buffer.byteLength(line);
  }
}

/** `<tool_response>` around a result. */
const resultMarkerBytes = 32;

function innerBytes(block: Block): number {
  return renderedBytes(block, block.type === 'other' || block.type === 'tool_use' ? JSON.stringify(block) : '');
}

function sourceBytes(source: Source): number {
  return source.type === 'text' ? Buffer.byteLength(source.text) : mediaBytes;
}
