/** What a request says about how to generate. */
import type { CountTokensRequest, MessagesRequest } from '../protocol/anthropic/request.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { Settings, ToolChoice } from './types.ts';

/**
 * A count generates nothing: what only matters for generating is left unset there.
 * @throws GatewayError invalid_request for a tool choice without its tool
 */
export function toSettings(request: MessagesRequest | CountTokensRequest): Settings {
  const generation: Partial<MessagesRequest> = isMessagesRequest(request) ? request : {};
  return {
    maxTokens: generation.max_tokens ?? 1,
    temperature: generation.temperature ?? undefined,
    topP: generation.top_p ?? undefined,
    topK: generation.top_k ?? undefined,
    stopSequences: generation.stop_sequences ?? [],
    toolChoice: toToolChoice(request.tool_choice),
    parallelToolCalls: request.tool_choice?.disable_parallel_tool_use !== true,
    thinking: toThinking(request.thinking),
    effort: generation.output_config?.effort ?? undefined,
    outputSchema: toOutputSchema(generation.output_config),
  };
}

function isMessagesRequest(request: MessagesRequest | CountTokensRequest): request is MessagesRequest {
  return request.max_tokens !== undefined;
}

function toToolChoice(choice: MessagesRequest['tool_choice']): ToolChoice {
  switch (choice?.type) {
    case 'any':
    case 'none':
      return { type: choice.type };
    case 'tool':
      if (choice.name === undefined) throw new GatewayError('invalid_request', 'tool_choice.name: expected a string');
      return { type: 'tool', name: choice.name };
    default:
      return { type: 'auto' };
  }
}

function toThinking(thinking: MessagesRequest['thinking']): Settings['thinking'] {
  if (!thinking) return 'default';
  return thinking.type === 'disabled' ? 'disabled' : 'enabled';
}

/** The JSON schema the answer has to follow, or undefined. */
export function toOutputSchema(output: MessagesRequest['output_config']): JsonObject | undefined {
  return output?.format?.type === 'json_schema' ? output.format.schema : undefined;
}
