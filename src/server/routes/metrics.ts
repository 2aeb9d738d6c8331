/** `GET /metrics`: for Prometheus. Needs a key like everything that tells who does what. */
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../observe/metrics/index.ts';

export function metricsRoute(app: FastifyInstance, { contentType, text }: Metrics): void {
  app.get('/metrics', async (_request, reply) => reply.type(contentType).send(await text()));
}
