/** A gateway as the commands see it: over HTTP, like any client. */
import { z } from 'zod';
import { moment } from '../observe/story/moment.ts';
import { parseJson } from '../protocol/json.ts';
import type { Source } from './address.ts';
import { CommandError } from './errors.ts';

const health = z.looseObject({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  version: z.string(),
  uptime_s: z.number(),
  model: z.string().nullable(),
  model_loaded: z.boolean(),
  backends: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string(),
      status: z.string(),
      demo: z.boolean(),
      drained: z.boolean().optional(),
    }),
  ),
});
const models = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      display_name: z.string(),
      max_input_tokens: z.number().nullish(),
      max_tokens: z.number().nullish(),
    }),
  ),
});

const traced = z.object({ requestId: z.string(), at: z.number(), moments: z.array(z.unknown()) });

export type Health = z.output<typeof health>;
export type ModelEntry = z.output<typeof models>['data'][number];

/** What answers there: a warmslot, somebody else, nobody. */
export async function askHealth(url: string): Promise<Health | 'foreign' | 'nobody'> {
  try {
    const parsed = health.safeParse((await getJson(`${url}/health`, undefined)).body);
    return parsed.success ? parsed.data : 'foreign';
  } catch (error) {
    return isRefused(error) ? 'nobody' : 'foreign';
  }
}

/** The status of a question that needs a key. */
export async function askStatus(url: string, key: string | undefined): Promise<number> {
  return (await getJson(`${url}/v1/models`, key)).status;
}

/** @throws CommandError when the key is refused or the answer is none */
export async function askModels(url: string, key: string | undefined): Promise<readonly ModelEntry[]> {
  const { status, body } = await getJson(`${url}/v1/models`, key);
  if (status === 401 || status === 403) throw refused(url);
  const parsed = models.safeParse(body);
  if (!parsed.success)
    throw new CommandError(`the gateway at ${url} does not list its models (status ${status}); see its log`);
  return parsed.data.data;
}

/** What the gateway remembers of a request; `last` for the one that arrived last. @throws CommandError when the key is refused */
export async function askTrace({ url, key }: Source, requestId: string) {
  const answer = await getJson(`${url}/trace/${encodeURIComponent(requestId)}`, key).catch(unreachable);
  if (answer === 'nobody') return answer;
  const { status, body } = answer;
  if (status === 401 || status === 403) throw refused(url);
  const parsed = traced.safeParse(body);
  if (!parsed.success) return 'unknown';
  // Another version of warmslot may tell of more.
  const moments = parsed.data.moments.flatMap((each) => moment.safeParse(each).data ?? []);
  return { ...parsed.data, moments };
}

/** The real model of the preferred engine: the gateway lists those first, under ids of their own. */
export function preferredModel(listed: readonly ModelEntry[]): ModelEntry | undefined {
  return listed.find(({ id }) => id.startsWith('anthropic-'));
}

export function refused(url: string): CommandError {
  return new CommandError(`the gateway at ${url} refuses this key; set WARMSLOT_API_KEY to one of its keys`);
}

export function ask(url: string, key: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return fetch(url, { headers, redirect: 'error', signal });
}

/** What fetch says of a connection that could not be had, broke, or was given up. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof DOMException;
}

async function getJson(url: string, key: string | undefined): Promise<{ status: number; body: unknown }> {
  const response = await ask(url, key, AbortSignal.timeout(5_000));
  const parsed = parseJson(await response.text());
  return { status: response.status, body: parsed.ok ? parsed.value : undefined };
}

/** For a person's question it is all one why there was no answer. Anything but a failed fetch is a bug. */
function unreachable(error: unknown): 'nobody' {
  if (isConnectionError(error)) return 'nobody';
  throw error;
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
