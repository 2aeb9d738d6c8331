/** Everybody who gets the answer of one generation: the client that asked for it, and those who asked the same meanwhile. */
import type { StreamEvent } from '../protocol/anthropic/events.ts';
import type { Flow, ReplyPort } from './reply-port.ts';

export interface Flight {
  /** Brings a client up to what has been said already, and from then on gives it what is said. */
  attach(reply: ReplyPort): void;
  /** Leaves the others alone. */
  detach(reply: ReplyPort): void;
  /** Nobody is there to read the answer. */
  readonly deserted: boolean;
  /** Somebody reads it as a stream. */
  readonly streamed: boolean;
  /** Headers for everybody, those included who come later. */
  describe(headers: Readonly<Record<string, string>>): void;
  open(): void;
  event(event: StreamEvent): void;
  flush(): void;
  /**
   * Shows life to those who have heard nothing for that many milliseconds.
   * @param touch says something that means nothing, to everybody
   */
  showLife(silentFor: number, touch: () => void): void;
  /**
   * Whose reading is paused while every client's socket is full. One slow reader among several is not waited for: its socket
   * buffers the rest up to the reply's own bound, and beyond that it is dropped.
   */
  steer(flow: Flow | undefined): void;
}

/** @param said the stream so far, from `message_start`; empty while nothing was said */
export function createFlight(said: () => readonly StreamEvent[]): Flight {
  const replies = new Set<ReplyPort>();
  const full = new Set<ReplyPort>();
  let headers: Readonly<Record<string, string>> = {};
  let flow: Flow | undefined;
  let paused = false;

  const pauseOrResume = () => {
    const shouldPause = replies.size > 0 && full.size === replies.size;
    if (shouldPause === paused) return;
    paused = shouldPause;
    if (paused) flow?.pause();
    else flow?.resume();
  };

  const steeredBy = (reply: ReplyPort): Flow => ({
    pause() {
      if (replies.has(reply)) full.add(reply);
      pauseOrResume();
    },
    resume() {
      full.delete(reply);
      pauseOrResume();
    },
  });

  const flush = () => {
    for (const reply of replies) reply.flush();
  };

  return {
    attach(reply) {
      replies.add(reply);
      reply.describe(headers);
      reply.steer(steeredBy(reply));
      pauseOrResume();
      const events = said();
      if (events.length === 0) return;
      reply.open();
      for (const event of events) reply.event(event);
      reply.flush();
    },
    detach(reply) {
      replies.delete(reply);
      full.delete(reply);
      reply.steer(undefined);
      pauseOrResume();
    },
    get deserted() {
      return replies.size === 0;
    },
    get streamed() {
      return [...replies].some(({ stream }) => stream);
    },
    describe(more) {
      headers = { ...headers, ...more };
      for (const reply of replies) reply.describe(more);
    },
    open() {
      for (const reply of replies) reply.open();
    },
    event(event) {
      for (const reply of replies) reply.event(event);
    },
    flush,
    showLife(silentFor, touch) {
      const silent = [...replies].filter((reply) => reply.silentFor() >= silentFor);
      if (silent.some(({ stream, opened }) => stream && opened)) touch();
      for (const reply of silent) reply.showLife();
      if (silent.length > 0) flush();
    },
    steer(next) {
      flow = next;
      paused = false;
    },
  };
}
