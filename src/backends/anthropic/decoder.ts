/** The Messages API's stream as engine events. */
import type { EndReason, EngineEvent, EngineUsage } from '../../protocol/engine.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../protocol/json.ts';
import { type EngineProblem, seenProblem, toProblem } from '../openai-compatible/engine-errors.ts';

export type MessageEnd =
  | {
      readonly type: 'ended';
      readonly reason: EndReason;
      readonly stopSequence: string | undefined;
      readonly usage: EngineUsage;
    }
  | { readonly type: 'failed'; readonly problem: EngineProblem };

export interface MessageDecoder {
  /** Takes the data of one event; tells the end when that event was it. */
  read(data: string): MessageEnd | undefined;
}

const reasons: Readonly<Record<string, EndReason>> = {
  tool_use: 'tool_use',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
  stop_sequence: 'stop_sequence',
  refusal: 'refusal',
};

export function createMessageDecoder(push: (event: EngineEvent) => void): MessageDecoder {
  let usage: EngineUsage = {};
  let reason: EndReason | undefined;
  let stopSequence: string | undefined;
  /** Calls the server runs itself (web search) have no counterpart among engine events: their arguments pass by. */
  let inToolCall = false;

  const count = (wire: unknown) => {
    if (isJsonObject(wire)) usage = { ...usage, ...toUsage(wire, usage) };
  };

  const startBlock = (block: JsonObject) => {
    inToolCall = block.type === 'tool_use' && typeof block.name === 'string';
    if (inToolCall) push({ type: 'toolCallStart', name: String(block.name) });
    else if (block.type === 'text') say(block.text);
  };

  const say = (text: unknown) => {
    if (typeof text === 'string' && text !== '') push({ type: 'text', text });
  };

  const readDelta = ({ type, text, thinking, signature, partial_json: json }: JsonObject) => {
    if (type === 'text_delta') say(text);
    else if (type === 'thinking_delta' && typeof thinking === 'string') push({ type: 'thinking', text: thinking });
    else if (type === 'signature_delta' && typeof signature === 'string')
      push({ type: 'thinking', text: '', signature });
    else if (type === 'input_json_delta' && inToolCall && typeof json === 'string' && json !== '') {
      push({ type: 'toolCallArguments', json });
    }
  };

  const readEvent = (event: JsonObject): MessageEnd | undefined => {
    switch (event.type) {
      case 'message_start':
        if (isJsonObject(event.message)) count(event.message.usage);
        push({ type: 'usage', ...usage });
        return undefined;
      case 'content_block_start':
        if (isJsonObject(event.content_block)) startBlock(event.content_block);
        return undefined;
      case 'content_block_delta':
        if (isJsonObject(event.delta)) readDelta(event.delta);
        return undefined;
      case 'content_block_stop':
        if (inToolCall) push({ type: 'toolCallEnd' });
        inToolCall = false;
        return undefined;
      case 'message_delta':
        count(event.usage);
        if (isJsonObject(event.delta)) readStop(event.delta);
        return undefined;
      case 'message_stop':
        if (reason) return { type: 'ended', reason, stopSequence, usage };
        return { type: 'failed', problem: seenProblem('its message stopped without a reason') };
      case 'error':
        return { type: 'failed', problem: withStatus(toProblem(event.error)) };
      default:
        return undefined;
    }
  };

  const readStop = (delta: JsonObject) => {
    if (typeof delta.stop_reason === 'string') reason = reasons[delta.stop_reason] ?? 'end_turn';
    if (typeof delta.stop_sequence === 'string') stopSequence = delta.stop_sequence;
  };

  return {
    read(data) {
      const parsed = parseJson(data);
      if (parsed.ok && isJsonObject(parsed.value)) return readEvent(parsed.value);
      return { type: 'failed', problem: seenProblem('it sent an event that is not a JSON object') };
    },
  };
}

/** The API counts what was read from and written to its cache apart from the rest of the prompt. */
function toUsage(wire: JsonObject, known: EngineUsage): EngineUsage {
  const { input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: created } = wire;
  const cachedTokens = typeof read === 'number' ? read : (known.cachedTokens ?? 0);
  const createdTokens = typeof created === 'number' ? created : (known.createdTokens ?? 0);
  return {
    ...(typeof input === 'number'
      ? { promptTokens: input + cachedTokens + createdTokens, cachedTokens, createdTokens }
      : {}),
    ...(typeof wire.output_tokens === 'number' ? { outputTokens: wire.output_tokens } : {}),
  };
}

const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Inside a stream an error has a type only. */
function withStatus(problem: EngineProblem): EngineProblem {
  return { ...problem, status: statuses[problem.type] };
}
