/** Tool definitions, in the client's order. */
import type { RequestTool } from '../protocol/anthropic/request.ts';
import type { JsonObject } from '../protocol/json.ts';
import { withoutMarks } from './marks.ts';
import type { Tool } from './types.ts';

export function toTools(tools: readonly RequestTool[]): Tool[] {
  return tools.map((tool) => ({
    name: tool.name ?? tool.type ?? '',
    description: tool.description ?? '',
    inputSchema: tool.input_schema,
    definition: withoutMarks(tool as JsonObject),
  }));
}
