/** What an engine's refusals and silences mean, as errors for the client and for the choice of another backend. */
import { type ErrorCode, type ErrorOptions, GatewayError, toGatewayError } from '../../protocol/errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../protocol/json.ts';

export interface EngineLabel {
  /** The backend's name in the configuration. */
  readonly name: string;
  readonly location: string;
}

/** An engine's own words, from an answer's body or from an error record inside a stream. */
export interface EngineProblem {
  readonly message: string;
  readonly type: string;
  /** HTTP status as far as the record holds one. */
  readonly status: number | undefined;
  readonly body: JsonObject;
  /** It did not say so, we saw it. */
  readonly seen?: true;
}

/**
 * An answer other than 200.
 * @param retryAfter the header's text
 */
export function refusal(engine: EngineLabel, status: number, text: string, retryAfter?: string): GatewayError {
  const problem = readProblem(text);
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  const wait: ErrorOptions = Number.isNaN(seconds) ? {} : { retryAfter: seconds };
  return problemError(engine, { ...problem, status }, wait);
}

export function problemError(engine: EngineLabel, problem: EngineProblem, options: ErrorOptions = {}): GatewayError {
  const { status = 500, message, type } = problem;
  const quote = quoteOf(problem);
  const tooLong = promptTooLong(problem);
  if (tooLong) return tooLong;
  const say = (code: ErrorCode, text: string) =>
    new GatewayError(code, `${label(engine)} ${text}`, { ...options, quote });
  // Its words may hold the key.
  if (status === 401) return say('engine_auth', `refused the key; set backends.${engine.name}.apiKey`);
  if (status === 403) {
    return say('engine_auth', `refused the key (${message}); set backends.${engine.name}.apiKey`);
  }
  if (/busy|overloaded/.test(type) || status === 429 || status === 529)
    return say('engine_busy', `is busy: ${message}`);
  if (status === 503 && /load/i.test(message)) return say('model_loading', `is still loading its model: ${message}`);
  if (status === 503) return say('engine_busy', `cannot take work now: ${message}`);
  if (status === 408 || status === 504) return say('engine_timeout', `gave up: ${message}`);
  if (status >= 400 && status < 500) return say('engine_refused', `refused the request: ${message}`);
  return say('engine_failed', `failed: ${message}`);
}

/** llama-server names both numbers; the client reads them from exactly these words and compacts by them. */
function promptTooLong({ type, message, body }: EngineProblem): GatewayError | undefined {
  if (type !== 'exceed_context_size_error' && body.code !== 'context_length_exceeded') return undefined;
  const { n_prompt_tokens: tokens, n_ctx: limit } = body;
  const numbers = typeof tokens === 'number' && typeof limit === 'number';
  return new GatewayError(
    'prompt_too_long',
    `prompt is too long: ${numbers ? `${tokens} tokens > ${limit} maximum` : message}`,
    { quote: message },
  );
}

/** A connection that could not be had, or an answer that did not come. */
export function unanswered(engine: EngineLabel, cause: unknown): GatewayError {
  const { code, name, message } = errorFields(cause);
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new GatewayError('engine_failed', `${label(engine)} did not answer in time`, { cause });
  }
  return new GatewayError('engine_unreachable', `${label(engine)} cannot be reached: ${whys[code] ?? message}`, {
    cause,
  });
}

/** A connection that broke inside an answer. An error that is no socket's is a bug of ours. */
export function brokenOff(engine: EngineLabel, cause: unknown): GatewayError {
  const { code, message } = errorFields(cause);
  if (code === '') return toGatewayError(cause);
  return new GatewayError('engine_failed', `${label(engine)} broke off its answer: ${message}`, { cause });
}

export function label({ name, location }: EngineLabel): string {
  return `Engine "${name}" (${location})`;
}

const whys: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start the engine or correct its baseUrl',
  ENOTFOUND: 'no such host name; correct its baseUrl',
  EAI_AGAIN: 'its host name cannot be resolved now',
  EHOSTUNREACH: 'no route to it; is the machine on?',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 5 seconds; is the machine on?',
};

function errorFields(cause: unknown): { code: string; name: string; message: string } {
  if (!(cause instanceof Error)) return { code: '', name: '', message: String(cause) };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return { code, name: cause.name, message: cause.message };
}

/** Reads `{"detail": …}` (FastAPI), `{"error": …}` (OpenAI) and plain text. */
export function readProblem(text: string): EngineProblem {
  const parsed = parseJson(text);
  if (parsed.ok && isJsonObject(parsed.value))
    return toProblem(parsed.value.error ?? parsed.value.detail ?? parsed.value);
  return toProblem(text);
}

/** What an engine did, in our words. */
export function seenProblem(message: string): EngineProblem {
  return { message, type: '', status: undefined, body: {}, seen: true };
}

/** What of the message may hold the client's text. */
export function quoteOf({ message, seen }: EngineProblem): string | undefined {
  return seen ? undefined : message;
}

/** @param value the content of `error` or `detail` */
export function toProblem(value: unknown): EngineProblem {
  if (!isJsonObject(value)) return { message: sentence(value), type: '', status: undefined, body: {} };
  const { message, code, type = value.error } = value;
  return {
    message: sentence(message ?? value.error ?? value.detail),
    type: typeof type === 'string' ? type : '',
    status: typeof code === 'number' ? code : undefined,
    body: value,
  };
}

const longest = 600;

function sentence(value: unknown): string {
  if (Array.isArray(value)) return value.map(issue).join('; ').slice(0, longest);
  if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, longest);
  return 'it did not say why';
}

/** One entry of FastAPI's list. Its `input` is left out: that is the client's text. */
function issue(entry: unknown): string {
  if (!isJsonObject(entry)) return String(entry);
  const path = Array.isArray(entry.loc) ? entry.loc.join('.') : '';
  return `${path}: ${typeof entry.msg === 'string' ? entry.msg : 'invalid'}`;
}
