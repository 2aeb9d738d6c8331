/** `GET /health`: for scripts, `watch curl` and load balancers. Needs no key, so it tells nothing private. */
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../../runtime/gateway.ts';

export function healthRoute(app: FastifyInstance, gateway: Gateway): void {
  app.get('/health', async (_request, reply) => {
    const health = gateway.health();
    return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health);
  });
}
