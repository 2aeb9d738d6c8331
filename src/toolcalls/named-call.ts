import { parseToolInput } from '../protocol/anthropic/tool-input.ts';
import type { ToolCall } from './types.ts';

/** A call whose arguments stand beside its name; undefined when there is no name or they are no object. */
export function namedCall(name: string, json: string | undefined): ToolCall | undefined {
  if (name === '' || json === undefined || parseToolInput(json) === undefined) return undefined;
  return { name, arguments: json };
}
