/** `HEAD` anywhere answers at once (Claude Code warms its connection with it); `GET /` says what this is. */
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../../runtime/gateway.ts';
import { version } from '../../version.ts';

export function rootRoutes(app: FastifyInstance, { events }: Gateway): void {
  app.get('/', { exposeHeadRoute: false }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(`warmslot ${version}: a local Claude Code endpoint. See /health.\n`),
  );
  for (const path of ['/', '/*']) {
    app.head(path, async (_request, reply) => {
      events.emit({ type: 'client.started' });
      return reply.send();
    });
  }
}
