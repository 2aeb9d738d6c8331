/** `GET /overview`: what the page and `warmslot top` show, as JSON. */
import type { FastifyInstance } from 'fastify';
import type { Overview } from '../../observe/overview/types.ts';

export function overviewRoutes(app: FastifyInstance, read: () => Overview): void {
  app.get('/overview', async () => read());
}
