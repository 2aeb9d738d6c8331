/**
 * Calls written as JSON: `{"name": …, "arguments": {…}}` or an array of such. Seen in the wild: `parameters` instead of
 * `arguments`, arguments as a JSON string, none at all.
 */
import { z } from 'zod';
import { isToolInput, parseToolInput } from '../protocol/anthropic/tool-input.ts';
import { type JsonObject, parseJson } from '../protocol/json.ts';
import { createJsonSpan } from '../protocol/json-span.ts';
import { isSpace } from './space.ts';
import type { CallReader, Reading, ToolCall } from './types.ts';

const argumentsShape = z.union([z.custom<JsonObject>(isToolInput), z.string()]).nullish();
const callShape = z.looseObject({ name: z.string().min(1), arguments: argumentsShape, parameters: argumentsShape });

interface JsonMarkup {
  /** What the JSON starts with: one call or an array of them. */
  readonly bracket: '{' | '[';
  /** May be missing where the answer ends or other markup begins. Undefined where the family writes none. */
  readonly closer?: string;
}

/** Reads white space, JSON, white space and the closing tag. */
export function readJsonCalls({ bracket, closer }: JsonMarkup): CallReader {
  let stage: 'before' | 'json' | 'after' = 'before';
  const span = createJsonSpan();
  let body = '';
  let closerSeen = 0;
  /** Characters of earlier pieces. */
  let earlier = 0;

  const calls = (): readonly ToolCall[] => (stage === 'after' ? parseCalls(body) : []);

  const over = (at: number, calls: readonly ToolCall[]): Reading =>
    calls.length > 0 ? { state: 'calls', calls, at } : { state: 'none', at };

  /** Other markup in the closing tag's place means that it was forgotten. */
  const readCloser = (piece: string, from: number, closer: string): Reading => {
    for (let at = from; at < piece.length; at++) {
      const character = piece.charAt(at);
      if (closerSeen === 0 && isSpace(character)) continue;
      if (character !== closer.charAt(closerSeen)) {
        return over(earlier + at - closerSeen, closerSeen > 0 ? calls() : []);
      }
      closerSeen++;
      if (closerSeen === closer.length) return over(earlier + at + 1, calls());
    }
    return more;
  };

  const readFrom = (piece: string): Reading => {
    let from = 0;
    if (stage === 'before') {
      while (from < piece.length && isSpace(piece.charAt(from))) from++;
      if (from === piece.length) return more;
      if (piece.charAt(from) !== bracket) return { state: 'none', at: earlier + from };
      stage = 'json';
    }
    if (stage === 'json') {
      const { state, at } = span.read(piece, from);
      if (state === 'broken') return { state: 'none', at: earlier + at };
      body += piece.slice(from, at);
      if (state === 'open') return more;
      stage = 'after';
      from = at;
    }
    return closer === undefined ? over(earlier + from, calls()) : readCloser(piece, from, closer);
  };

  return {
    read(piece) {
      const reading = readFrom(piece);
      earlier += piece.length;
      return reading;
    },
    end: calls,
  };
}

const more: Reading = { state: 'more' };

/** The calls that JSON text says; none if it is broken or any part of it is no call. */
export function parseCalls(text: string): readonly ToolCall[] {
  const json = parseJson(text);
  if (!json.ok) return [];
  const values: readonly unknown[] = Array.isArray(json.value) ? json.value : [json.value];
  const calls = values.map(callOf);
  return calls.every((call) => call !== undefined) ? calls : [];
}

function callOf(value: unknown): ToolCall | undefined {
  const parsed = callShape.safeParse(value);
  if (!parsed.success) return undefined;
  const { name } = parsed.data;
  const given = parsed.data.arguments ?? parsed.data.parameters ?? {};
  if (typeof given !== 'string') return { name, arguments: JSON.stringify(given) };
  return parseToolInput(given) ? { name, arguments: given } : undefined;
}
