/** The client's own body, put right for the API it goes to. */
import { isJsonObject, type Json, type JsonObject } from '../../protocol/json.ts';

export interface BodyChanges {
  /** Undefined: as the client named it. */
  readonly model: string | undefined;
  readonly maxTokens: number;
}

export function forwardedBody(body: JsonObject, { model, maxTokens }: BodyChanges): JsonObject {
  return {
    ...body,
    ...(model === undefined ? {} : { model }),
    ...(Array.isArray(body.messages) ? { messages: body.messages.flatMap(withoutOurThinking) } : {}),
    max_tokens: maxTokens,
    stream: true,
  };
}

/** Thinking of a local engine carries a signature of warmslot's, which the API would refuse as forged. */
function withoutOurThinking(message: Json): Json[] {
  if (!isJsonObject(message) || !Array.isArray(message.content)) return [message];
  const content = message.content.filter((block) => !isOurThinking(block));
  if (content.length === message.content.length) return [message];
  return content.length === 0 ? [] : [{ ...message, content }];
}

function isOurThinking(block: Json): boolean {
  return (
    isJsonObject(block) &&
    block.type === 'thinking' &&
    (typeof block.signature !== 'string' || block.signature === '' || block.signature.startsWith('warmslot.'))
  );
}

/** The betas the body makes use of: without them the API refuses the fields. Names as Claude Code sends them. */
export function betasOf(body: JsonObject): string[] {
  const betas: string[] = [];
  if (body.context_management !== undefined) betas.push('context-management-2025-06-27');
  if (isJsonObject(body.output_config) && body.output_config.effort !== undefined) betas.push('effort-2025-11-24');
  const messages: readonly Json[] = Array.isArray(body.messages) ? body.messages : [];
  if (messages.some((message) => isJsonObject(message) && message.role === 'system')) {
    betas.push('mid-conversation-system-2026-04-07');
  }
  return betas;
}
