/** chat.completion.chunk records as engine events. Checked by hand and leniently: this runs for every token. */
import type { EndReason, EngineEvent, EngineUsage } from '../../protocol/engine.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../protocol/json.ts';
import { type EngineProblem, seenProblem, toProblem } from './engine-errors.ts';
import { createToolCallDeltas } from './tool-call-deltas.ts';

/** What became of an answer. */
export type ChatEnd =
  | { readonly type: 'ended'; readonly reason: EndReason; readonly usage: EngineUsage | undefined }
  | ({ readonly type: 'failed' } & StreamFailure);

/** A stream that came with 200 and did not end as an answer does. */
export interface StreamFailure {
  /** The engine's own words, if it had any. */
  readonly problem: EngineProblem | undefined;
  /** It ended the stream in good order before anything of the answer came: it took the request and would not have it. */
  readonly turnedDown: boolean;
}

export interface ChatDecoder {
  /** Takes the data of one record; tells the end when that record was it. */
  read(data: string): ChatEnd | undefined;
  /** The body is over, or broke off. */
  close(): ChatEnd;
  /** Whether anything of the answer itself came. */
  readonly spoke: boolean;
}

/** @param maxTokens an answer this long was cut off */
export function createChatDecoder(push: (event: EngineEvent) => void, maxTokens: number): ChatDecoder {
  let finish: string | undefined;
  let usage: EngineUsage | undefined;
  let spoke = false;
  const toolCalls = createToolCallDeltas((event) => {
    spoke = true;
    push(event);
  });

  const say = (type: 'text' | 'thinking', text: unknown) => {
    if (typeof text !== 'string' || text === '') return;
    toolCalls.close();
    push({ type, text });
    spoke = true;
  };

  const readDelta = (delta: JsonObject): boolean => {
    // Two spellings of the same text; engines that send both repeat it.
    say('thinking', delta.reasoning_content ?? delta.reasoning);
    say('text', delta.content);
    if (!Array.isArray(delta.tool_calls) || delta.tool_calls.length === 0) return true;
    return toolCalls.read(delta.tool_calls);
  };

  const fail = (problem?: EngineProblem, turnedDown = false): ChatEnd => ({ type: 'failed', problem, turnedDown });

  const close = (done = false): ChatEnd => {
    const reason = endReason(finish);
    toolCalls.close(reason === 'max_tokens');
    if (finish === undefined) return fail(undefined, done && !spoke);
    if (finish === 'error') return fail(seenProblem('its generation ended with an error'));
    return { type: 'ended', reason, usage };
  };

  const endReason = (wire: string | undefined): EndReason => {
    if (wire === 'length') return 'max_tokens';
    if (wire === 'content_filter') return 'refusal';
    // vllm-mlx says `tool_calls` of a call that max_tokens cut off.
    const full = (usage?.outputTokens ?? 0) >= maxTokens;
    if (toolCalls.count === 0) return full && wire === 'tool_calls' ? 'max_tokens' : 'end_turn';
    return full && toolCalls.incomplete ? 'max_tokens' : 'tool_use';
  };

  return {
    close: () => close(),
    get spoke() {
      return spoke;
    },
    read(data) {
      if (data === '[DONE]') return close(true);
      const parsed = parseJson(data);
      if (!parsed.ok || !isJsonObject(parsed.value))
        return fail(seenProblem('it sent a record that is not a JSON object'));
      const { error, choices, usage: counted } = parsed.value;
      if (error !== undefined && error !== null) return fail(toProblem(error), !spoke);
      if (isJsonObject(counted)) usage = toUsage(counted);
      const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
      if (!isJsonObject(choice)) return undefined;
      if (isJsonObject(choice.delta) && !readDelta(choice.delta)) {
        return fail(seenProblem('it sent the pieces of its tool calls out of order'));
      }
      // A second one is possible when the engine finds a tool call after its last token: it is the right one.
      if (typeof choice.finish_reason === 'string') finish = choice.finish_reason;
      return undefined;
    },
  };
}

function toUsage({ prompt_tokens, completion_tokens, prompt_tokens_details: details }: JsonObject): EngineUsage {
  const cached = isJsonObject(details) ? details.cached_tokens : undefined;
  return {
    ...(typeof prompt_tokens === 'number' ? { promptTokens: prompt_tokens } : {}),
    ...(typeof completion_tokens === 'number' ? { outputTokens: completion_tokens } : {}),
    ...(typeof cached === 'number' ? { cachedTokens: cached } : {}),
  };
}
