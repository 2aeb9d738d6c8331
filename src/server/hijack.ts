/** Takes the response out of Fastify's hands, for answers that are written piece by piece. */
import type { FastifyReply } from 'fastify';

/** A stream of server-sent events. */
export function beginEventStream(reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): void {
  const type = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
  beginHijacked(reply, { ...headers, ...type });
}

/** Begins it with status 200; headers set on the reply so far go along. */
export function beginHijacked(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  reply.hijack();
  const set = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
  const known = Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
  reply.raw.writeHead(200, { ...known, ...headers });
}
