/** Stream events as bytes of a server-sent event stream. */
import type { StreamEvent } from '../protocol/anthropic/events.ts';
import type { ErrorEnvelope } from '../protocol/errors.ts';

/** Legal inside JSON, but line ends to clients that split lines by Unicode's rules instead of SSE's. */
const lineEnds = /[\u0085\u2028\u2029]/g;

/** One record: the `event:` line (Claude Code ignores records without), the data, a blank line. */
export function frame(event: StreamEvent): string {
  return record(event.type, event);
}

/** The record that ends a broken stream; nothing may follow it. */
export function errorFrame(envelope: ErrorEnvelope): string {
  return record('error', envelope);
}

function record(name: string, data: StreamEvent | ErrorEnvelope): string {
  return `event: ${name}\ndata: ${JSON.stringify(data).replace(lineEnds, escaped)}\n\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
