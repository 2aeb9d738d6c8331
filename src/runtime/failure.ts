/** Between the errors of the table and the failures machines speak of. */
import type { Failure } from '../../machines/request.ts';
import { type ErrorCode, errorTable, GatewayError, rowOf, toGatewayError } from '../protocol/errors.ts';

export function failureOf(error: GatewayError): Failure {
  return {
    code: error.code,
    message: error.message,
    retryable: rowOf(error.code).fallback === true,
    busy: error.code === 'engine_busy',
    error,
  };
}

export function errorOf(failure: Failure): GatewayError {
  if (failure.error instanceof GatewayError) return failure.error;
  const code = codeOf(failure);
  if (code === 'internal') return toGatewayError(failure.error);
  const { message, retryAfter } = failure;
  return new GatewayError(code, message, retryAfter === undefined ? {} : { retryAfter });
}

/** What everybody but the client may read. */
export function toldOf({ error, message }: Failure): string {
  return error === undefined ? message : toGatewayError(error).told;
}

export function codeOf({ code }: Failure): ErrorCode {
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'internal';
}

const faults: ReadonlySet<string> = new Set<ErrorCode>([
  'engine_failed',
  'engine_unreachable',
  'engine_timeout',
  'engine_auth',
]);

/** Busy, refused and abandoned attempts say nothing about the engine's health. */
export function isEnginesFault({ code }: Failure): boolean {
  return faults.has(code);
}
