/** The client's side of a request, as the runtime sees it: a stream or a single JSON answer behind the same few verbs. */
import type { StreamEvent } from '../protocol/anthropic/events.ts';
import type { GatewayError } from '../protocol/errors.ts';

/** Reading from the engine, as far as the client's socket can steer it. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface ReplyPort {
  readonly stream: boolean;
  /** Becomes response headers; has no effect once the reply is open. */
  describe(headers: Readonly<Record<string, string>>): void;
  /** Sends status 200 and headers, if that makes sense for this kind of reply. Idempotent. */
  open(): void;
  readonly opened: boolean;
  event(event: StreamEvent): void;
  /** Writes what `event` gathered, in one piece. */
  flush(): void;
  /** Milliseconds since something was written, or since the request came. */
  silentFor(): number;
  /** Shows life on a reply that cannot say anything yet, if its kind has a way to. */
  showLife(): void;
  /** The answer is complete. */
  end(): void;
  /** A status before the first byte, `event: error` after it. */
  fail(error: GatewayError): void;
  /** Whose reading is paused while the client's socket is full. */
  steer(flow: Flow | undefined): void;
  /** Resolves when the last byte left for the client, or the client is gone. */
  readonly finished: Promise<void>;
}
