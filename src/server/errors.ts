/** Errors as answers: always Anthropic's envelope, with the status and headers of the error table. */
import type { FastifyError, FastifyReply } from 'fastify';
import { errorEnvelope, errorResponse, GatewayError, toGatewayError } from '../protocol/errors.ts';

export function sendError(reply: FastifyReply, error: GatewayError): FastifyReply {
  const { status, headers } = errorResponse(error);
  return reply.code(status).headers(headers).send(errorEnvelope(error, reply.request.id));
}

/** Fastify's own errors (body too large, broken upload, …) and everything thrown, as ours. */
export function fromThrown(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new GatewayError('body_too_large', 'Request too large: the body may have at most 128 MiB.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new GatewayError('invalid_request', message ?? 'The request could not be read.', { cause: error });
  }
  return toGatewayError(error);
}
