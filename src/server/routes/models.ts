/** `GET /v1/models`, in Anthropic's shape. Claude Code's picker keeps ids that begin with `claude` or `anthropic`. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../../protocol/errors.ts';
import type { Gateway } from '../../runtime/gateway.ts';
import type { ServedModel } from '../../runtime/models.ts';

const listQuery = z.looseObject({
  limit: z.coerce.number().int().min(1).max(1000).default(20),
  after_id: z.string().optional(),
  before_id: z.string().optional(),
});
const idParams = z.object({ '*': z.string() });

export function modelsRoutes(app: FastifyInstance, { models, events, startedAt }: Gateway): void {
  const entry = ({ id, displayName, contextWindow, maxOutputTokens }: ServedModel) => ({
    type: 'model',
    id,
    display_name: displayName,
    created_at: new Date(startedAt).toISOString(),
    max_input_tokens: contextWindow,
    max_tokens: maxOutputTokens,
  });

  app.get('/v1/models', async (request) => {
    events.emit({ type: 'client.started' });
    const query = listQuery.safeParse(request.query);
    if (!query.success) throw new GatewayError('invalid_request', 'limit: expected a number from 1 to 1000');
    const { page, more } = pageOf(models.list(), query.data);
    const data = page.map(entry);
    return { data, has_more: more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  });

  app.get('/v1/models/*', async (request) => entry(models.find(idParams.parse(request.params)['*'])));
}

function pageOf(all: readonly ServedModel[], query: z.infer<typeof listQuery>) {
  const { limit, after_id, before_id } = query;
  const after = after_id === undefined ? 0 : all.findIndex(({ id }) => id === after_id) + 1;
  const before = before_id === undefined ? all.length : all.findIndex(({ id }) => id === before_id);
  const rest = all.slice(after, before < 0 ? all.length : before);
  return { page: rest.slice(0, limit), more: rest.length > limit };
}
