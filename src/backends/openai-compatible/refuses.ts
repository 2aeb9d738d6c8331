/** What chat messages cannot carry to an engine. */
import type { Block, Prompt } from '../../prompt/types.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { EngineInfo } from '../types.ts';

export function refusesContent({ turns }: Pick<Prompt, 'turns'>, info: EngineInfo): GatewayError | undefined {
  for (const { content } of turns) {
    for (const block of content) {
      const why = whyNot(block, info);
      if (why) return new GatewayError('unsupported_content', why);
    }
  }
  return undefined;
}

function whyNot(block: Block, info: EngineInfo): string | undefined {
  switch (block.type) {
    case 'tool_result':
      return block.content.map((inner) => whyNot(inner, info)).find((why) => why !== undefined);
    case 'image':
      if (!info.images) {
        return `The model ${info.model} cannot see images. Take the image out of the conversation (/clear or /rewind in Claude Code), or serve a vision model.`;
      }
      return block.source.type === 'base64' || block.source.type === 'url'
        ? undefined
        : 'Images must be sent as base64 or as a URL: uploaded files are not kept here.';
    case 'document':
      return block.source.type === 'text'
        ? undefined
        : 'Documents that are not plain text (PDF) cannot be read by this engine. Convert it to text first, for instance with pdftotext.';
    default:
      return undefined;
  }
}
