/**
 * What a request asks of the answer's form, in words behind the last message. On the wire the same wishes would change the
 * rendered prefix (`tool_choice`) or switch an engine's cache off (`response_format`).
 */
import { toolAlias } from '../../prompt/tool-alias.ts';
import type { Settings } from '../../prompt/types.ts';
import { jsonInstruction } from '../../reply/structured-output.ts';

export function closingSentences({ toolChoice, outputSchema }: Settings): string[] {
  const sentences: string[] = [];
  if (toolChoice.type === 'none') sentences.push('Answer in text now, without calling any tool.');
  if (toolChoice.type === 'any') sentences.push('Answer with a tool call now: call at least one of the tools.');
  if (toolChoice.type === 'tool') {
    sentences.push(`Answer with a tool call now: call the tool ${toolAlias(toolChoice.name)}.`);
  }
  if (outputSchema) sentences.push(jsonInstruction(outputSchema));
  return sentences;
}
