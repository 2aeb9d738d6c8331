/** What the actors do, live: `GET /inspect/ws` for Stately's tools, `GET /inspect/events` for our page, `GET /inspect/actors`. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Inspector, Told, Viewer, Written } from '../../observe/inspect/inspector.ts';
import { GatewayError } from '../../protocol/errors.ts';
import { beginEventStream } from '../hijack.ts';

const socketPath = '/inspect/ws';

/** Some clients offer HTTP/2 with every request; that is no reason not to answer them. */
export function isUpgrade({ url }: IncomingMessage): boolean {
  return url?.split('?')[0] === socketPath;
}

/** Viewers say nothing. */
const maxPayload = 1_024;

/** How long one that was dropped may take to read what is on its way. */
const lastWordsMs = 2_000;

const letGo = (connection: { destroy(): void }) => setTimeout(() => connection.destroy(), lastWordsMs).unref();

const eventsQuery = z.object({
  since: z.string().optional(),
  only: z.literal('states').optional(),
  of: z.string().optional(),
});

/** @param showLifeMs a stream is shown to be alive this often */
export function inspectRoutes(app: FastifyInstance, inspector: Inspector, showLifeMs: number): void {
  void app.register(websocket, { options: { maxPayload } });
  void app.register(async (scope) => {
    scope.route({
      method: 'GET',
      url: socketPath,
      exposeHeadRoute: false,
      config: { keyInQuery: true },
      handler: () => {
        throw new GatewayError(
          'invalid_request',
          'This is a WebSocket; GET /inspect/events tells the same as a stream.',
        );
      },
      wsHandler(opened: WebSocketOfServer, request) {
        opened.on('close', inspector.watch(webSocketViewer(opened, request.socket)));
      },
    });
  });

  // Nobody else closes the connection of one that wanted a socket and was refused.
  const isRefusal = ({ raw }: FastifyRequest) => raw.headers.upgrade !== undefined && isUpgrade(raw);
  app.addHook('onSend', async (request, reply) => {
    if (isRefusal(request)) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request) => {
    if (isRefusal(request)) request.raw.socket.destroy();
  });

  app.get('/inspect/events', { exposeHeadRoute: false }, (request, reply) => {
    const query = eventsQuery.safeParse(request.query);
    if (!query.success) throw new GatewayError('invalid_request', 'only=states is all that can be left out.');
    const { since, only, of } = query.data;
    // Whoever connects again says in the header how far it has come, and in the address where it once began.
    const lastEventId = request.headers['last-event-id'];
    const viewer = { ...sseViewer(reply, showLifeMs), statesOnly: only === 'states', of };
    reply.raw.on('close', inspector.watch(viewer, typeof lastEventId === 'string' ? lastEventId : since));
  });

  app.get('/inspect/actors', { exposeHeadRoute: false }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(`{"actors":${list(inspector.actors())}}`),
  );
}

function sseViewer(reply: FastifyReply, showLifeMs: number): Omit<Viewer, 'statesOnly' | 'of'> {
  const { raw } = reply;
  beginEventStream(reply);
  const life = setInterval(() => {
    if (raw.writableLength === 0) raw.write(': alive\n\n');
  }, showLifeMs);
  raw.on('close', () => clearInterval(life));
  return {
    unread: () => raw.writableLength,
    tell(told, place) {
      raw.write(`id: ${place}\nevent: ${told.type}\ndata: ${dataOf(told)}\n\n`);
      if (told.type !== 'dropped') return;
      raw.end();
      letGo(raw);
    },
  };
}

function list(records: readonly Written[]): string {
  return `[${records.map(({ text }) => text).join(',')}]`;
}

function dataOf(told: Told): string {
  switch (told.type) {
    case 'actors':
    case 'records':
      return list(told.records);
    case 'missed':
      return JSON.stringify({ records: told.records });
    case 'dropped':
      return JSON.stringify({ reason: told.reason });
  }
}

/** What we need of the library's socket; it comes without types. */
interface WebSocketOfServer {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
  on(event: 'close', listener: () => void): void;
}

const tryAgainLater = 1013;

function webSocketViewer(opened: WebSocketOfServer, socket: Socket): Viewer {
  return {
    statesOnly: false,
    of: undefined,
    unread: () => opened.bufferedAmount,
    tell(told) {
      // Stately's tools know of nothing but records.
      if (told.type === 'missed') return;
      if (told.type === 'dropped') {
        opened.close(tryAgainLater, told.reason);
        letGo(socket);
        return;
      }
      socket.cork();
      for (const record of told.records) opened.send(whole(record));
      socket.uncork();
    },
  };
}

function whole({ text, definition }: Written): string {
  return definition === undefined ? text : `${text.slice(0, -1)},"definition":${definition}}`;
}
