/** The front door: Fastify with our rules for access, bodies and errors; the routes have a file each. */
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import type { Inspector } from '../observe/inspect/inspector.ts';
import type { Metrics } from '../observe/metrics/index.ts';
import type { Overview } from '../observe/overview/types.ts';
import type { Recent } from '../observe/story/recent.ts';
import type { PromptRules } from '../prompt/canonical.ts';
import { GatewayError } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { newRequestId } from '../reply/ids.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { type AccessRules, checkSource, createKeyCheck } from './access.ts';
import { fromThrown, sendError } from './errors.ts';
import { adminRoutes } from './routes/admin.ts';
import { countTokensRoute } from './routes/count-tokens.ts';
import { healthRoute } from './routes/health.ts';
import { inspectRoutes, isUpgrade } from './routes/inspect.ts';
import { messagesPath, messagesRoute } from './routes/messages.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelsRoutes } from './routes/models.ts';
import { overviewRoutes } from './routes/overview.ts';
import { pageRoutes } from './routes/page.ts';
import { statelyPath, statelyRoute } from './routes/stately.ts';
import { traceRoute } from './routes/trace.ts';

const maxBodyBytes = 128 * 1024 * 1024;

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the key the request came with; set before the body is read. */
    client: string;
  }
}

/** What the server tells of the gateway to whoever looks. */
export interface Observers {
  overview(): Overview;
  readonly metrics: Metrics;
  readonly recent: Recent;
  readonly inspector: Inspector;
}

export interface ServerRules {
  readonly access: AccessRules;
  readonly prompt: PromptRules;
  /** Offers the bridge to Stately's hosted viewer. */
  readonly stately: boolean;
}

export function createServer(gateway: Gateway, observers: Observers, rules: ServerRules): FastifyInstance {
  const app = fastify({
    bodyLimit: maxBodyBytes,
    // An SSE stream is silent for minutes while an engine prefills; no timer of the server may end it.
    connectionTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    genReqId: newRequestId,
    rewriteUrl: ({ url }) => withoutPrefix(url ?? '/'),
    logger: false,
    http: { shouldUpgradeCallback: isUpgrade },
  });
  const clientOf = createKeyCheck(rules.access);

  app.decorateRequest('client', '');
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id);
    checkSource(request, rules.access);
    if (isOpen(request)) return;
    request.client = clientOf(request);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    const parsed = parseJson(body.toString('utf8'));
    if (parsed.ok) done(null, parsed.value);
    else done(new GatewayError('invalid_json', `The body is not valid JSON: ${parsed.reason}`));
  });
  app.setErrorHandler((error, request, reply) => {
    const ours = fromThrown(error);
    if (request.routeOptions.url === messagesPath) {
      const { id: requestId, client } = request;
      gateway.events.emit({ type: 'request.refused', requestId, client, code: ours.code });
    }
    if (ours.code === 'internal') gateway.events.emit({ type: 'actor.broke', actor: 'server', error });
    return sendError(reply, ours);
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new GatewayError('unknown_route', `No route ${request.method} ${request.url}`)),
  );

  messagesRoute(app, gateway, rules.prompt);
  countTokensRoute(app, gateway, rules.prompt);
  modelsRoutes(app, gateway);
  healthRoute(app, gateway);
  adminRoutes(app, gateway.admin);
  overviewRoutes(app, gateway, observers.overview);
  metricsRoute(app, observers.metrics);
  traceRoute(app, observers.recent);
  inspectRoutes(app, observers.inspector, gateway.timing.keepAlive);
  if (rules.stately) statelyRoute(app);
  pageRoutes(app, gateway);
  return app;
}

/** The CLI keeps a path in ANTHROPIC_BASE_URL and puts `/v1/…` behind it: whatever stands before the last `/v1/` is ignored. */
export function withoutPrefix(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const at = path.lastIndexOf('/v1/');
  return at > 0 ? url.slice(at) : url;
}

/** HEAD on any base path is Claude Code's pre-connect; health and the page's files say nothing private without a key. */
function isOpen({ method, url }: FastifyRequest): boolean {
  const [path = ''] = url.split('?');
  if (path === '/health' || path === '/' || path === statelyPath || path.startsWith('/page/')) return true;
  return method === 'HEAD' && !path.startsWith('/v1/');
}
