/** A small HTTP server for tests of backends: it answers what the test says and keeps what it was asked. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

export interface ScriptedServer {
  /** Without `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export async function scriptedServer(answer: Answer): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const { method = '', url = '', headers } = request;
    const record = { method, path: url, headers, body: text === '' ? {} : JSON.parse(text) };
    asked.push(record);
    await answer(record, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Every path of the table is answered with its JSON, any other one with 404. */
export function fromTable(table: Readonly<Record<string, unknown>>): Answer {
  return ({ path }, response) => {
    const found = path in table;
    sendJson(response, found ? table[path] : { error: 'not found' }, found ? 200 : 404);
  };
}

export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** A whole stream at once. */
export function sendStream(response: ServerResponse, text: string): void {
  openStream(response);
  response.end(text);
}

/** The bytes in pieces of the given sizes, each one a write of its own. */
export async function sendPieces(response: ServerResponse, text: string, sizes: readonly number[]): Promise<void> {
  openStream(response);
  const bytes = Buffer.from(text);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    response.write(bytes.subarray(at, at + size));
    at += size;
    await setImmediate();
  }
  response.end();
}

/** Records of a chat stream: deltas, then the finish reason, usage and `[DONE]`. */
export function chatStream(deltas: readonly object[], finish = 'stop', usage: object | null = null): string {
  return [...deltas.map((delta) => chunk(delta)), chunk({}, finish, usage), 'data: [DONE]\n\n'].join('');
}

export function chunk(delta: object, finish: string | null = null, usage: object | null = null): string {
  return record({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], usage });
}

export function record(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
