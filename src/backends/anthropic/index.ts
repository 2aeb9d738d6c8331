/** The Messages API itself, or a server that speaks it: the client's body goes through, the answer comes back. */
import { createTokenEstimator } from '../../prompt/token-estimate.ts';
import type { EngineSink } from '../../protocol/engine.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import { brokenOff, problemError, refusal, seenProblem, unanswered } from '../openai-compatible/engine-errors.ts';
import { openEventStream } from '../openai-compatible/event-stream.ts';
import { openHttp } from '../openai-compatible/http.ts';
import { chosenModel, servedModels } from '../openai-compatible/models.ts';
import type { BackendOptions, CreateBackend, EngineInfo } from '../types.ts';
import { betasOf, forwardedBody } from './body.ts';
import { createMessageDecoder, type MessageEnd } from './decoder.ts';

export const createAnthropicBackend: CreateBackend = (options) => {
  const http = openHttp(options, { 'anthropic-version': '2023-06-01', ...credentials(options.apiKey) });
  const tokens = createTokenEstimator();
  const model = chosenModel(options.model);

  return {
    name: options.name,
    type: 'anthropic',
    priority: options.priority,
    location: http.location,
    probe: async (signal) => {
      const [first] = await servedModels(http, signal, model);
      return describe(options, model ?? first);
    },
    refuses: () => undefined,
    countTokens: (prompt) => tokens.estimate(prompt),

    generate({ prompt, maxTokens }, sink) {
      const { prefixKey, prefixBytes, chain, bytes } = prompt;
      const betas = betasOf(prompt.body);
      const headers = betas.length > 0 ? { ...http.headers, 'anthropic-beta': betas.join(',') } : http.headers;
      const body = JSON.stringify(forwardedBody(prompt.body, { model, maxTokens }));
      const decoder = createMessageDecoder((event) => {
        if (event.type === 'usage' && event.promptTokens !== undefined) {
          tokens.learn({ prefixKey, prefixBytes, chain, bytes }, event.promptTokens);
        }
        sink.push(event);
      });
      let over = false;

      const fail = (error: GatewayError) => {
        over = true;
        sink.push({ type: 'failed', error });
        sink.flush();
      };
      const settle = (end: MessageEnd) => {
        if (end.type === 'failed') fail(problemError(http, end.problem));
        else finish(sink, end);
        over = true;
      };

      return openEventStream(
        http.agent,
        { url: `${http.baseUrl}/messages`, headers, body },
        {
          opened() {
            sink.push({ type: 'started' });
            sink.flush();
          },
          data(text) {
            const end = over ? undefined : decoder.read(text);
            if (end) settle(end);
          },
          readEnd: () => sink.flush(),
          ended() {
            if (!over) fail(problemError(http, seenProblem('its answer stopped before it was complete')));
          },
          refused: (status, text, retryAfter) => fail(refusal(http, status, text, retryAfter)),
          broken(error, answering) {
            if (!over) fail(answering ? brokenOff(http, error) : unanswered(http, error));
          },
        },
      );
    },

    async idle() {},
    close: () => http.agent.destroy(),
  };
};

function finish(sink: EngineSink, { usage, reason, stopSequence }: MessageEnd & { type: 'ended' }): void {
  sink.push({ type: 'usage', ...usage });
  sink.push({ type: 'ended', reason, ...(stopSequence === undefined ? {} : { stopSequence }) });
}

/** A token of a subscription goes as a bearer, an API key in its own header; the API refuses one in the other's place. */
function credentials(apiKey: string | undefined): Record<string, string> {
  if (apiKey === undefined) return {};
  return apiKey.startsWith('sk-ant-oat') ? { authorization: `Bearer ${apiKey}` } : { 'x-api-key': apiKey };
}

/** The API's models hold at least this much; what one of them allows it enforces itself. */
const contextWindow = 200_000;
const maxOutputTokens = 128_000;
/** No slots of its own: how much may run beside each other without meeting its rate limit. */
const slots = 8;

function describe(options: BackendOptions, model: string | undefined): EngineInfo {
  return {
    model: model ?? 'unknown',
    loaded: true,
    slots: options.slots ?? slots,
    contextWindow: options.contextWindow ?? contextWindow,
    contextSource: options.contextWindow ? 'config' : 'default',
    maxOutputTokens: options.maxOutputTokens ?? maxOutputTokens,
    images: true,
    documents: true,
    toolCalls: 'exact',
    cache: { kind: 'conversations', capacity: 1_000 },
    exactTokens: false,
    demo: false,
  };
}
