/** `GET /trace/:requestId`: what happened to a request, for `warmslot trace`; `last` is the one that arrived last. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Recent } from '../../observe/story/recent.ts';
import { GatewayError } from '../../protocol/errors.ts';

const params = z.object({ requestId: z.string() });

export function traceRoute(app: FastifyInstance, recent: Recent): void {
  app.get('/trace/:requestId', async (request) => {
    const { requestId: asked } = params.parse(request.params);
    const requestId = asked === 'last' ? recent.newest() : asked;
    const moments = requestId && recent.about(requestId);
    if (moments) return { requestId, at: Date.now(), moments };
    throw new GatewayError('unknown_request', 'No such request, or one too long ago; the log may still tell of it.');
  });
}
