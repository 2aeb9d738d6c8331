/** GET /v1/models: the names an engine serves its models under, and whether our key is good. */
import { z } from 'zod';
import { GatewayError } from '../../protocol/errors.ts';
import { label, refusal } from './engine-errors.ts';
import { type EngineHttp, getJson } from './http.ts';

const modelList = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

/**
 * The first is the one to use when the owner names none. Empty while the engine is still loading.
 * @param configured the owner's choice: servers that list nothing can be used with it
 * @throws GatewayError engine_unreachable | engine_auth | engine_failed
 */
export async function servedModels(http: EngineHttp, signal: AbortSignal, configured?: string): Promise<string[]> {
  const answer = await getJson(http, `${http.baseUrl}/models`, signal);
  if (answer.status === 503) return [];
  if (answer.status === 404 && configured !== undefined) return [configured];
  if (answer.status === 401 || answer.status === 403) throw refusal(http, answer.status, answer.text);
  const models = modelList.safeParse(answer.body);
  if (answer.status !== 200 || !models.success) {
    throw new GatewayError('engine_failed', `${label(http)} lists no models at /v1/models (HTTP ${answer.status})`);
  }
  return models.data.data.map(({ id }) => id);
}

/** Another tool's configuration says `current-model` where it means whatever is served. */
export function chosenModel(configured: string | undefined): string | undefined {
  return configured === 'current-model' ? undefined : configured;
}
