/** The local servers that speak OpenAI's API: how each is told from others, and what it says of its model beside that API. */
import { z } from 'zod';
import { askJson, type EngineHttp } from './http.ts';

export type ServerKind = 'llama-server' | 'LM Studio' | 'Ollama';

/** What a server says of the model it runs. */
export interface ServerFacts {
  readonly model?: string | undefined;
  readonly contextWindow?: number | undefined;
  readonly slots?: number | undefined;
  readonly images?: boolean | undefined;
  readonly loaded?: boolean | undefined;
}

interface Server {
  readonly kind: ServerKind;
  /** Undefined when it is another one. */
  ask(http: EngineHttp, signal: AbortSignal, model: string | undefined): Promise<ServerFacts | undefined>;
}

const count = z.int().positive().optional().catch(undefined);

/** `n_ctx` is one slot's share of the context already. */
const llamaProps = z.looseObject({
  default_generation_settings: z.looseObject({ n_ctx: count }),
  total_slots: count,
  modalities: z.looseObject({ vision: z.boolean().optional() }).optional().catch(undefined),
});

const lmStudioModels = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string(),
      state: z.string(),
      loaded_context_length: count,
      max_context_length: count,
    }),
  ),
});

const ollamaVersion = z.looseObject({ version: z.string() });
const ollamaRunning = z.looseObject({ models: z.array(z.looseObject({ name: z.string(), context_length: count })) });

const llamaServer: Server = {
  kind: 'llama-server',
  async ask(http, signal) {
    const props = llamaProps.safeParse(await askJson(http, `${http.rootUrl}/props`, signal));
    if (!props.success) return undefined;
    const { default_generation_settings: settings, total_slots: slots, modalities } = props.data;
    return { contextWindow: settings.n_ctx, slots, images: modalities?.vision };
  },
};

const lmStudio: Server = {
  kind: 'LM Studio',
  async ask(http, signal, wanted) {
    const models = lmStudioModels.safeParse(await askJson(http, `${http.rootUrl}/api/v0/models`, signal));
    if (!models.success) return undefined;
    const chat = models.data.data.filter(({ type }) => type === 'llm' || type === 'vlm');
    const model = chat.find(({ id }) => id === wanted) ?? chat.find(({ state }) => state === 'loaded') ?? chat[0];
    if (!model) return { loaded: false };
    const { id, type, loaded_context_length: loaded, max_context_length: max } = model;
    return { model: id, contextWindow: loaded ?? max, images: type === 'vlm' };
  },
};

const ollama: Server = {
  kind: 'Ollama',
  async ask(http, signal, wanted) {
    if (!ollamaVersion.safeParse(await askJson(http, `${http.rootUrl}/api/version`, signal)).success) return undefined;
    const running = ollamaRunning.safeParse(await askJson(http, `${http.rootUrl}/api/ps`, signal));
    const models = running.success ? running.data.models : [];
    const model = models.find(({ name }) => name === wanted) ?? (wanted === undefined ? models[0] : undefined);
    return { model: model?.name, contextWindow: model?.context_length };
  },
};

const servers: readonly Server[] = [llamaServer, lmStudio, ollama];

/** The facts of a server of one kind, or undefined when it is no such server. */
export function askServer(
  kind: ServerKind,
  http: EngineHttp,
  signal: AbortSignal,
  model?: string,
): Promise<ServerFacts | undefined> {
  const server = servers.find((candidate) => candidate.kind === kind);
  return server ? server.ask(http, signal, model) : Promise.resolve(undefined);
}

/** Which server it is, if it is one of those known. */
export async function identifyServer(http: EngineHttp, signal: AbortSignal): Promise<ServerKind | undefined> {
  const facts = await Promise.all(servers.map((server) => server.ask(http, signal, undefined)));
  return servers[facts.findIndex((fact) => fact !== undefined)]?.kind;
}
