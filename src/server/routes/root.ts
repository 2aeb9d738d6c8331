/** `HEAD` anywhere answers at once (Claude Code warms its connection with it); `GET /` says what this is. */
import type { FastifyInstance } from 'fastify';
import { version } from '../../version.ts';

export function rootRoutes(app: FastifyInstance): void {
  app.get('/', { exposeHeadRoute: false }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(`warmslot ${version}: a local Claude Code endpoint. See /health.\n`),
  );
  app.head('/', async (_request, reply) => reply.send());
  app.head('/*', async (_request, reply) => reply.send());
}
