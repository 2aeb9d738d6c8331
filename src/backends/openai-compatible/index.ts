/** Any server with OpenAI's chat API and structured tool calls: llama-server, LM Studio, Ollama, and those not known. */
import { createTokenEstimator } from '../../prompt/token-estimate.ts';
import type { Prompt } from '../../prompt/types.ts';
import type { EngineSink } from '../../protocol/engine.ts';
import type { GatewayError } from '../../protocol/errors.ts';
import type { ChatRequest } from '../../protocol/openai/chat.ts';
import type { BackendOptions, CreateBackend, EngineInfo, Generation } from '../types.ts';
import type { StreamFailure } from './chat-decoder.ts';
import { runChat } from './chat-run.ts';
import { defaultContextWindow, defaultMaxOutputTokens } from './defaults.ts';
import { problemError, seenProblem } from './engine-errors.ts';
import { bearer, type EngineHttp, openHttp } from './http.ts';
import { chosenModel, servedModels } from './models.ts';
import { createPlainFallback, type Start } from './plain-fallback.ts';
import { refusesContent } from './refuses.ts';
import { openAiRequest } from './request.ts';
import { askServer, identifyServer, type ServerFacts, type ServerKind } from './servers.ts';

export const createOpenAiBackend: CreateBackend = (options, { notice }) => {
  const http = openHttp(options, bearer(options.apiKey));
  const tokens = createTokenEstimator();
  const plainFallback = createPlainFallback();
  let kind: ServerKind | undefined;

  const run = (prompt: Prompt, request: ChatRequest, sink: EngineSink): Generation => {
    const { prefixKey, prefixBytes, chain, bytes } = prompt;
    return runChat(
      request,
      {
        http,
        onUsage({ promptTokens }) {
          if (promptTokens !== undefined) tokens.learn({ prefixKey, prefixBytes, chain, bytes }, promptTokens);
        },
        onContent() {},
        onOver() {},
        explain: (failure) => explain(http, failure),
      },
      sink,
    );
  };

  return {
    name: options.name,
    type: 'openai',
    priority: options.priority,
    location: http.location,
    async probe(signal) {
      const model = chosenModel(options.model);
      const served = await servedModels(http, signal, model);
      kind ??= await identifyServer(http, signal);
      const facts = kind ? await askServer(kind, http, signal, model) : undefined;
      const info = describe(options, served, facts ?? {});
      if (info.contextSource === 'default') {
        notice(
          `${options.name}: this server does not say how long its context is; ${info.contextWindow} tokens are assumed. Set backends.${options.name}.contextWindow.`,
        );
      }
      return info;
    },
    refuses: refusesContent,
    countTokens: (prompt) => tokens.estimate(prompt),
    generate({ prompt, maxTokens, info }, sink) {
      const limits = { model: info.model, maxTokens, sampling: options.sampling };
      const start: Start = (plain, sink) => run(prompt, openAiRequest(prompt, { ...limits, plain }), sink);
      return plainFallback(info.model, prompt, start, sink);
    },
    async idle() {},
    close: () => http.agent.destroy(),
  };
};

/** Prompts that are remembered of an engine with many slots; looking through more would cost more than it tells. */
const mostConversations = 16;

function describe(options: BackendOptions, served: readonly string[], facts: ServerFacts): EngineInfo {
  const model = chosenModel(options.model) ?? facts.model ?? served[0];
  const slots = options.slots ?? facts.slots ?? 1;
  const contextWindow = options.contextWindow ?? facts.contextWindow ?? defaultContextWindow;
  return {
    model: model ?? 'unknown',
    loaded: model !== undefined && served.length > 0 && facts.loaded !== false,
    slots,
    contextWindow,
    contextSource: options.contextWindow ? 'config' : facts.contextWindow ? 'engine' : 'default',
    maxOutputTokens: options.maxOutputTokens ?? defaultMaxOutputTokens,
    // A server that does not say is asked with the image, and says then.
    images: facts.images ?? true,
    documents: false,
    // The server's own parser is the rule here; what it leaves in the text is read as well.
    toolCalls: options.toolGrammar === 'hermes' ? 'hermes' : 'auto',
    cache: { kind: 'conversations', capacity: Math.min(slots, mostConversations) },
    exactTokens: false,
    demo: false,
  };
}

/** Error records inside a stream hold a status like an answer's. */
function explain(http: EngineHttp, { problem }: StreamFailure): GatewayError {
  return problemError(http, problem ?? seenProblem('its answer stopped before it was complete'));
}
