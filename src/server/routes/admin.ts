/** `POST /admin/…`: what the owner can do. With the key as everywhere, and never for another site's page. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describeIssue } from '../../protocol/anthropic/request.ts';
import { GatewayError } from '../../protocol/errors.ts';
import type { Admin, AdminAction, AdminActions } from '../../runtime/admin.ts';

const name = z.string().min(1).max(200);

const bodies: { readonly [A in AdminAction]: z.ZodType<AdminActions[A]> } = {
  'cancel-request': z.strictObject({ requestId: name }),
  'drop-cache': z.strictObject({ backend: name, prefixKey: name.optional() }),
  'warm-prefix': z.strictObject({ backend: name, prefixKey: name }),
  'drain-backend': z.strictObject({ backend: name }),
  'resume-backend': z.strictObject({ backend: name }),
};

export function adminRoutes(app: FastifyInstance, admin: Admin): void {
  const route = <A extends AdminAction>(action: A) =>
    app.post(`/admin/${action}`, { onRequest: checkPage }, async (request) => {
      const body = bodies[action].safeParse(request.body);
      if (!body.success) throw new GatewayError('invalid_request', describeIssue(body.error));
      return { done: admin[action](body.data, request.client) };
    });
  for (const action of Object.keys(bodies) as AdminAction[]) route(action);
}

/**
 * Host and Origin are checked before, as everywhere. Besides, browsers say themselves when another site's page asks, and let none
 * send this content type elsewhere without asking first.
 */
async function checkPage({ headers }: FastifyRequest): Promise<void> {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new GatewayError('forbidden_origin', 'Requests from another site are not allowed.');
  }
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new GatewayError('invalid_request', 'content-type: expected application/json');
  }
}
