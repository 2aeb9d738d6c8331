/**
 * A recording HTTP relay between a client and the gateway: what went over the wire, and when. Bytes pass unchanged; a side
 * that leaves or breaks off does so on the other side too.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject, parseJson } from '../../src/protocol/json.ts';

export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The request's bytes as text. */
  readonly text: string;
  /** `{}` when there was none, or it was no JSON object. */
  readonly body: JsonObject;
  /** Undefined until the answer's head came. */
  readonly status: number | undefined;
  readonly replyHeaders: IncomingHttpHeaders;
  /** What the answer's body was so far, and when (`performance.now()`) each piece came. */
  readonly pieces: readonly { readonly at: number; readonly bytes: Buffer }[];
  readonly startedAt: number;
  readonly headersAt: number | undefined;
  readonly closedAt: number | undefined;
  /** How it ended: `complete` is a body that was closed in good order. */
  readonly outcome: 'running' | 'complete' | 'client left' | 'server broke off';
}

export interface Tap {
  readonly url: string;
  /** In order of arrival; each is there once its request was read. */
  readonly exchanges: readonly Exchange[];
  /** Inference calls: not `count_tokens`. */
  messages(): Exchange[];
  /** Resolves when the predicate holds; it is looked at after everything that happens. */
  waitFor(predicate: () => boolean): Promise<void>;
  close(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Recording = Mutable<Exchange> & { readonly pieces: { at: number; bytes: Buffer }[] };

export async function startTap(target: string): Promise<Tap> {
  const exchanges: Recording[] = [];
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const server = createServer((incoming, response) => {
    relay(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  // A stream may be silent for as long as the gateway lets it.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function relay(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const exchange = recordingOf(incoming, Buffer.concat(parts), startedAt);
    exchanges.push(exchange);
    changed();

    const onward = request(target + exchange.path, { method: exchange.method, headers: incoming.headers });
    const end = (outcome: Exchange['outcome']) => {
      if (exchange.outcome !== 'running') return;
      exchange.outcome = outcome;
      exchange.closedAt = performance.now();
      if (outcome !== 'complete') {
        onward.destroy();
        response.destroy();
      }
      changed();
    };
    response.once('close', () => end(response.writableFinished ? 'complete' : 'client left'));
    onward.once('error', () => end('server broke off'));
    onward.once('response', (answer) => {
      exchange.status = answer.statusCode ?? 0;
      exchange.replyHeaders = answer.headers;
      exchange.headersAt = performance.now();
      response.writeHead(exchange.status, answer.headers).flushHeaders();
      answer.on('data', (bytes: Buffer) => {
        exchange.pieces.push({ at: performance.now(), bytes });
        response.write(bytes);
        changed();
      });
      answer.once('end', () => response.end());
      answer.once('error', () => end('server broke off'));
      changed();
    });
    onward.end(Buffer.concat(parts));
  }

  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    messages: () => exchanges.filter(({ method, path }) => method === 'POST' && /^\/v1\/messages(\?|$)/.test(path)),
    waitFor: (predicate) =>
      new Promise((resolve) => {
        const look = () => {
          if (!predicate()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The answer's body so far. */
export function replyText({ pieces }: Pick<Exchange, 'pieces'>): string {
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('utf8');
}

export function isStream({ replyHeaders }: Exchange): boolean {
  return replyHeaders['content-type']?.startsWith('text/event-stream') ?? false;
}

function recordingOf({ method = '', url = '', headers }: IncomingMessage, bytes: Buffer, startedAt: number): Recording {
  const text = bytes.toString('utf8');
  const parsed = parseJson(text);
  return {
    method,
    path: url,
    headers,
    text,
    body: parsed.ok && isJsonObject(parsed.value) ? parsed.value : {},
    status: undefined,
    replyHeaders: {},
    pieces: [],
    startedAt,
    headersAt: undefined,
    closedAt: undefined,
    outcome: 'running',
  };
}
