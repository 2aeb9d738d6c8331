/** What a test may know of each request that came. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJsonObject, type JsonObject, parseJson } from '../../../src/protocol/json.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** `{}` when there was none, or it was no JSON object. */
  readonly body: JsonObject;
  /** `performance.now()` of the head's arrival and of the answer's end. */
  readonly startedAt: number;
  readonly closedAt: number | undefined;
  /** The client left before the answer's end. */
  readonly aborted: boolean;
  /** Known once the engine starts on the prompt. */
  readonly cachedTokens: number | undefined;
  readonly promptTokens: number | undefined;
}

export interface Received {
  /** Kept up to date while the request runs. */
  readonly record: { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] };
  readonly text: string;
  /** Fires when the answer is over, or nobody reads it any more. */
  readonly gone: AbortSignal;
  /** The answer was broken off on purpose: what follows is not the client's doing. */
  readonly abandon: () => void;
}

/** Reads a request to its end. @param closed called when its answer is over */
export async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  closed: () => void,
): Promise<Received> {
  const leaving = new AbortController();
  const record: Received['record'] = {
    method: request.method ?? '',
    path: (request.url ?? '').replace(/\?.*/, ''),
    headers: request.headers,
    body: {},
    startedAt: performance.now(),
    closedAt: undefined,
    aborted: false,
    cachedTokens: undefined,
    promptTokens: undefined,
  };
  response.once('close', () => {
    record.closedAt = performance.now();
    record.aborted = !response.writableFinished && !leaving.signal.aborted;
    leaving.abort();
    closed();
  });
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  const parsed = parseJson(text);
  if (parsed.ok && isJsonObject(parsed.value)) record.body = parsed.value;
  return { record, text, gone: leaving.signal, abandon: () => leaving.abort() };
}
