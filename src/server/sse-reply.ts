/** A streamed answer: Anthropic's server-sent events on a hijacked response, one write an upstream read. */
import type { FastifyReply } from 'fastify';
import type { StreamEvent } from '../protocol/anthropic/events.ts';
import { errorEnvelope, type GatewayError } from '../protocol/errors.ts';
import { errorFrame, frame } from '../reply/frames.ts';
import type { Flow, ReplyPort } from '../runtime/reply-port.ts';
import { sendError } from './errors.ts';
import { beginEventStream } from './hijack.ts';

/** What is buffered for a client that does not read at most: far more than any answer, so only a broken client gets there. */
const maxBufferedBytes = 16 * 1024 * 1024;

/** @param patienceMs how long a client that does not read may keep its engine waiting */
export function createSseReply(reply: FastifyReply, patienceMs: number): ReplyPort {
  const { raw } = reply;
  const finished = Promise.withResolvers<void>();
  let headers: Record<string, string> = {};
  let pending = '';
  let opened = false;
  let over = false;
  let wroteAt = performance.now();
  let flow: Flow | undefined;
  let patience: NodeJS.Timeout | undefined;

  raw.on('close', () => {
    over = true;
    clearTimeout(patience);
    finished.resolve();
  });
  raw.on('drain', () => {
    clearTimeout(patience);
    patience = undefined;
    flow?.resume();
  });

  const open = () => {
    if (opened || over) return;
    opened = true;
    beginEventStream(reply, headers);
  };

  const write = () => {
    if (pending === '' || over) return;
    const text = pending;
    pending = '';
    wroteAt = performance.now();
    if (raw.write(text) || patience) return;
    flow?.pause();
    patience = setTimeout(() => flow?.resume(), patienceMs);
  };

  return {
    stream: true,
    describe(more) {
      headers = { ...headers, ...more };
    },
    open,
    get opened() {
      return opened;
    },
    event(event: StreamEvent) {
      pending += frame(event);
    },
    flush() {
      if (!opened) return;
      if (raw.writableLength > maxBufferedBytes) raw.destroy();
      else write();
    },
    silentFor: () => performance.now() - wroteAt,
    showLife() {},
    end() {
      open();
      if (!over) raw.end(pending);
      pending = '';
      over = true;
    },
    fail(error: GatewayError) {
      if (over) return;
      over = true;
      if (opened) raw.end(pending + errorFrame(errorEnvelope(error, reply.request.id)));
      else sendError(reply.headers(headers), error);
    },
    steer(next) {
      flow = next;
    },
    finished: finished.promise,
  };
}
