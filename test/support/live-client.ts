/** A client of the Messages API that can be watched while its answer comes, and that can leave. */
import { expect } from 'vitest';

export interface LiveClient {
  /** Resolves with the answer's head. */
  readonly response: Promise<Response>;
  /** The body so far. */
  seen(): string;
  /** The whole body; rejects when the connection broke. */
  readonly body: Promise<string>;
  /** Resolves once the body holds that. */
  sees(text: string): Promise<void>;
  leave(): void;
}

export function liveClient(url: string, body: object, headers: Readonly<Record<string, string>> = {}): LiveClient {
  const leaving = new AbortController();
  const response = fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  let seen = '';
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const bytes of (await response).body ?? []) seen += decoder.decode(bytes, { stream: true });
    return seen;
  };
  const whole = read();
  // One that leaves has no body, which is no failure of the test.
  whole.catch(() => {});
  return {
    response,
    seen: () => seen,
    body: whole,
    sees: (text) => expect.poll(() => seen, { interval: 10 }).toContain(text),
    leave: () => leaving.abort(),
  };
}
