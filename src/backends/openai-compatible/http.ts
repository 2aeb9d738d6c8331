/** The way to one engine: its address, its key, its sockets. */
import { Agent, request } from 'undici';
import { parseJson } from '../../protocol/json.ts';
import type { BackendOptions } from '../types.ts';
import { unanswered } from './engine-errors.ts';

export interface EngineHttp {
  /** The backend's name in the configuration. */
  readonly name: string;
  /** Ends in `/v1`. */
  readonly baseUrl: string;
  /** The same without `/v1`, for what engines serve beside their API. */
  readonly rootUrl: string;
  /** For people: without credentials. */
  readonly location: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

export interface JsonAnswer {
  readonly status: number;
  readonly text: string;
  /** Undefined when the text is no JSON. */
  readonly body: unknown;
}

/** Idle sockets are dropped before uvicorn closes them, which it does after five seconds without a hint. */
const keepAliveTimeout = 4_000;
const connectTimeout = 5_000;

/** @throws Error when the options hold no URL */
export function openHttp(
  options: Pick<BackendOptions, 'name' | 'baseUrl'>,
  headers: Readonly<Record<string, string>>,
): EngineHttp {
  const { name, baseUrl } = options;
  if (baseUrl === undefined) throw new Error(`backends.${name}.baseUrl: missing`);
  const shown = new URL(baseUrl);
  shown.username = '';
  shown.password = '';
  return {
    name,
    baseUrl,
    rootUrl: baseUrl.replace(/\/v1\/?$/, ''),
    location: shown.href,
    headers,
    // A long prefill sends nothing for minutes: how long is too long is decided by the one who waits, not by the socket.
    agent: new Agent({ headersTimeout: 0, bodyTimeout: 0, connectTimeout, keepAliveTimeout, pipelining: 1 }),
  };
}

export function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

/** @throws GatewayError engine_unreachable, or engine_failed when it did not answer before the signal fired */
export async function getJson(http: EngineHttp, url: string, signal: AbortSignal): Promise<JsonAnswer> {
  try {
    const answer = await request(url, { dispatcher: http.agent, headers: http.headers, signal });
    const text = await answer.body.text();
    const parsed = parseJson(text);
    return { status: answer.statusCode, text, body: parsed.ok ? parsed.value : undefined };
  } catch (error) {
    throw unanswered(http, error);
  }
}

/**
 * What an endpoint says that an engine may well not have, or not answer while it is busy: undefined then.
 * @param patience milliseconds
 */
export async function askJson(http: EngineHttp, url: string, signal: AbortSignal, patience = 2_000): Promise<unknown> {
  try {
    const answer = await getJson(http, url, AbortSignal.any([signal, AbortSignal.timeout(patience)]));
    return answer.status === 200 ? answer.body : undefined;
  } catch {
    return undefined;
  }
}
