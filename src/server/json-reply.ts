/** An answer in one piece: the same events as a stream's, folded into a Message. */
import type { FastifyReply } from 'fastify';
import type { StreamEvent } from '../protocol/anthropic/events.ts';
import type { GatewayError } from '../protocol/errors.ts';
import { createFold } from '../reply/fold.ts';
import type { ReplyPort } from '../runtime/reply-port.ts';
import { sendError } from './errors.ts';
import { beginHijacked } from './hijack.ts';

/**
 * The CLI closes a connection whose headers did not come within 300 s, and repeats the request. White space in front of
 * JSON means nothing, so a slow answer is begun with it; the price is that a later failure can only cut the connection.
 * @param beginAfterMs how slow
 */
export function createJsonReply(reply: FastifyReply, beginAfterMs: number): ReplyPort {
  const { raw } = reply;
  const fold = createFold();
  const finished = Promise.withResolvers<void>();
  const arrivedAt = performance.now();
  let headers: Record<string, string> = {};
  let begun = false;
  let over = false;
  raw.on('close', () => {
    over = true;
    finished.resolve();
  });

  return {
    stream: false,
    describe(more) {
      headers = { ...headers, ...more };
    },
    open() {},
    get opened() {
      return begun;
    },
    event: (event: StreamEvent) => fold.consume(event),
    flush() {},
    silentFor: () => performance.now() - arrivedAt,
    showLife() {
      if (over || performance.now() - arrivedAt < beginAfterMs) return;
      if (!begun) {
        begun = true;
        beginHijacked(reply, { ...headers, 'content-type': 'application/json; charset=utf-8' });
      }
      raw.write(' ');
    },
    end() {
      if (over) return;
      over = true;
      const message = fold.message();
      if (begun) raw.end(JSON.stringify(message));
      else reply.headers(headers).send(message);
    },
    fail(error: GatewayError) {
      if (over) return;
      over = true;
      if (begun) raw.destroy();
      else sendError(reply.headers(headers), error);
    },
    steer() {},
    finished: finished.promise,
  };
}
