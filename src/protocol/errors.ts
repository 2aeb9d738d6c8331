/** Every error warmslot can answer with: one row a stable code. Nothing else decides a status, a type or a retry. */

export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'overloaded_error'
  | 'api_error'
  | 'timeout_error';

interface ErrorRow {
  readonly status: number;
  readonly type: AnthropicErrorType;
  /** Sent as `x-should-retry: false`: Claude Code otherwise retries a 401 ten times over three minutes. */
  readonly retry?: 'never';
  /** Seconds, an integer of at most 60: Claude Code gives up at once on a longer `retry-after`. */
  readonly retryAfter?: number;
  /** Another backend may do better, as long as nothing was forwarded to the client. */
  readonly fallback?: true;
}

const row = (row: ErrorRow): ErrorRow => row;

export const errorTable = {
  invalid_json: row({ status: 400, type: 'invalid_request_error', retry: 'never' }),
  invalid_request: row({ status: 400, type: 'invalid_request_error', retry: 'never' }),
  prompt_too_long: row({ status: 400, type: 'invalid_request_error', retry: 'never' }),
  unsupported_content: row({ status: 400, type: 'invalid_request_error', retry: 'never', fallback: true }),
  thread_unsupported_request: row({ status: 400, type: 'invalid_request_error', retry: 'never' }),
  invalid_key: row({ status: 401, type: 'authentication_error', retry: 'never' }),
  forbidden_host: row({ status: 403, type: 'permission_error', retry: 'never' }),
  forbidden_origin: row({ status: 403, type: 'permission_error', retry: 'never' }),
  forbidden_address: row({ status: 403, type: 'permission_error', retry: 'never' }),
  unknown_model: row({ status: 404, type: 'not_found_error', retry: 'never' }),
  unknown_request: row({ status: 404, type: 'not_found_error', retry: 'never' }),
  unknown_backend: row({ status: 404, type: 'not_found_error', retry: 'never' }),
  unknown_prefix: row({ status: 404, type: 'not_found_error', retry: 'never' }),
  cannot_warm: row({ status: 409, type: 'invalid_request_error', retry: 'never' }),
  // Not 400, nor 422: on those Claude Code tries five more times with fewer of its betas.
  request_cancelled: row({ status: 409, type: 'invalid_request_error', retry: 'never' }),
  unknown_route: row({ status: 404, type: 'not_found_error', retry: 'never' }),
  body_too_large: row({ status: 413, type: 'request_too_large', retry: 'never' }),
  queue_full: row({ status: 529, type: 'overloaded_error', retryAfter: 5 }),
  queue_timeout: row({ status: 529, type: 'overloaded_error', retryAfter: 15 }),
  no_backend: row({ status: 503, type: 'api_error', retryAfter: 5 }),
  model_loading: row({ status: 503, type: 'api_error', retryAfter: 5, fallback: true }),
  shutting_down: row({ status: 503, type: 'api_error', retryAfter: 5 }),
  engine_unreachable: row({ status: 503, type: 'api_error', retryAfter: 5, fallback: true }),
  engine_busy: row({ status: 529, type: 'overloaded_error', retryAfter: 5, fallback: true }),
  engine_refused: row({ status: 400, type: 'invalid_request_error', retry: 'never', fallback: true }),
  engine_auth: row({ status: 502, type: 'api_error', retry: 'never', fallback: true }),
  engine_failed: row({ status: 502, type: 'api_error', fallback: true }),
  engine_timeout: row({ status: 504, type: 'timeout_error', fallback: true }),
  internal: row({ status: 500, type: 'api_error' }),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Merged into the envelope's `error.details` (the SDK reads `error_code` there). */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Overrides the table's; seconds. */
  readonly retryAfter?: number;
  /** The part of the message that is somebody else's words: engines and templates may quote the prompt in them. */
  readonly quote?: string | undefined;
}

/** The one error that crosses module borders; anything else thrown is a bug and answered as `internal`. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfter: number | undefined;
  /** The message for everybody but the client itself: without quotes. */
  readonly told: string;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.details = options.details;
    this.retryAfter = options.retryAfter ?? rowOf(code).retryAfter;
    this.told = options.quote ? message.replaceAll(options.quote, '…') : message;
  }
}

export function rowOf(code: ErrorCode): ErrorRow {
  return errorTable[code];
}

/** Any thrown value as a GatewayError. Foreign errors keep their message only as the cause: it may hold private text. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('internal', 'Internal error in warmslot; the log has the details.', { cause: error });
}

export interface ErrorEnvelope {
  readonly type: 'error';
  readonly error: {
    readonly type: AnthropicErrorType;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly request_id: string;
}

/** Anthropic's error body; the same object is the data of `event: error` inside a stream. */
export function errorEnvelope(error: GatewayError, requestId: string): ErrorEnvelope {
  return {
    type: 'error',
    error: {
      type: rowOf(error.code).type,
      message: error.message,
      ...(error.details ? { details: error.details } : {}),
    },
    request_id: requestId,
  };
}

/** Status and headers of an error that is answered before any byte of a stream. */
export function errorResponse(error: GatewayError): { status: number; headers: Record<string, string> } {
  const { status, retry } = rowOf(error.code);
  const headers: Record<string, string> = {};
  if (retry === 'never') headers['x-should-retry'] = 'false';
  if (error.retryAfter !== undefined) headers['retry-after'] = String(Math.min(60, Math.ceil(error.retryAfter)));
  return { status, headers };
}
