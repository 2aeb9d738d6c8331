/** `POST /v1/messages`: from the body to a running request. */
import type { FastifyInstance } from 'fastify';
import { type PromptRules, toPrompt } from '../../prompt/canonical.ts';
import { identify } from '../../prompt/lineage.ts';
import { describeIssue, type MessagesRequest, messagesRequest } from '../../protocol/anthropic/request.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import { createJsonReply } from '../json-reply.ts';
import { createSseReply } from '../sse-reply.ts';

export const messagesPath = '/v1/messages';

export function messagesRoute(app: FastifyInstance, gateway: Gateway, rules: PromptRules): void {
  const { timing } = gateway;
  app.post(messagesPath, (request, reply) => {
    const body = parseBody(request.body);
    gateway.events.emit({ type: 'request.body', requestId: request.id, body });
    const prompt = toPrompt(body, rules);
    // Fastify keeps the request for as long as the answer takes; of the body nothing is needed any more.
    request.body = undefined;
    const port = body.stream ? createSseReply(reply, timing.slowClient) : createJsonReply(reply, timing.beginJson);
    const clientClosed = gateway.requests.start({
      id: request.id,
      identity: identify(request.headers, body, request.client),
      client: request.client,
      prompt,
      reply: port,
      traceparent: traceContext(request.headers.traceparent),
      skipCache: /\bno-cache\b/.test(request.headers['cache-control'] ?? ''),
    });
    // `request.raw` closes as soon as the body is read; only the response's socket tells that the client left.
    reply.raw.on('close', () => {
      if (!reply.raw.writableFinished) clientClosed();
    });
  });
}

/** Only as W3C writes it: it goes into traces. */
function traceContext(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(header) ? header : undefined;
}

function parseBody(body: unknown): MessagesRequest {
  const parsed = messagesRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new GatewayError('invalid_request', describeIssue(parsed.error));
}
