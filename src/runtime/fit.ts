/** Whether a prompt fits an engine, and how long its answer may get. */
import type { EngineInfo } from '../backends/types.ts';
import type { Prompt } from '../prompt/types.ts';
import { GatewayError, toGatewayError } from '../protocol/errors.ts';
import type { BackendHandle } from './backend.ts';

export interface Fit {
  readonly promptTokens: number;
  readonly maxTokens: number;
}

/** Tokens of prompt and answer that fit this engine, or why they do not. */
export function fitInto(prompt: Prompt, handle: BackendHandle, info: EngineInfo): Fit | GatewayError {
  try {
    const refusal = handle.backend.refuses(prompt, info);
    return refusal ?? measure(prompt, handle, info);
  } catch (error) {
    // A template may refuse a conversation as soon as it is counted.
    return toGatewayError(error);
  }
}

function measure(prompt: Prompt, { backend }: BackendHandle, info: EngineInfo): Fit | GatewayError {
  const promptTokens = backend.countTokens(prompt, info);
  if (promptTokens > info.contextWindow) {
    // The CLI reads both numbers from exactly these words, compacts by them and goes on.
    const text = `prompt is too long: ${promptTokens} tokens > ${info.contextWindow} maximum`;
    return new GatewayError('prompt_too_long', text);
  }
  const room = Math.max(1, info.contextWindow - promptTokens);
  return { promptTokens, maxTokens: Math.min(prompt.settings.maxTokens, info.maxOutputTokens, room) };
}
