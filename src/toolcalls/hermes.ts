/**
 * Hermes, also Qwen 2.5 and 3: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Seen in the wild: `parameters` instead
 * of `arguments`, arguments as a JSON string, none at all, and no closing tag at the end of the answer.
 */
import { z } from 'zod';
import { isToolInput, parseToolInput } from '../protocol/anthropic/tool-input.ts';
import { type JsonObject, parseJson } from '../protocol/json.ts';
import { createJsonSpan } from '../protocol/json-span.ts';
import type { CallReader, Grammar, Reading, ToolCall } from './types.ts';

const opener = '<tool_call>';
const closer = '</tool_call>';

const argumentsShape = z.union([z.custom<JsonObject>(isToolInput), z.string()]).nullish();
const callShape = z.looseObject({ name: z.string().min(1), arguments: argumentsShape, parameters: argumentsShape });

export const hermes: Grammar = { openers: [opener], open: readHermes };

function readHermes(): CallReader {
  let stage: 'before' | 'object' | 'after' = 'before';
  const span = createJsonSpan();
  let body = '';
  let closerSeen = 0;
  /** Characters of earlier pieces. */
  let earlier = 0;

  const call = (): readonly ToolCall[] => (stage === 'after' ? parseCall(body) : []);

  const over = (at: number, calls: readonly ToolCall[]): Reading =>
    calls.length > 0 ? { state: 'calls', calls, at } : { state: 'none', at };

  /** White space, then the closing tag; other markup in its place means that it was forgotten. */
  const readCloser = (piece: string, from: number): Reading => {
    for (let at = from; at < piece.length; at++) {
      const character = piece.charAt(at);
      if (closerSeen === 0 && isSpace(character)) continue;
      if (character !== closer.charAt(closerSeen)) {
        return over(earlier + at - closerSeen, closerSeen > 0 ? call() : []);
      }
      closerSeen++;
      if (closerSeen === closer.length) return over(earlier + at + 1, call());
    }
    return more;
  };

  const readFrom = (piece: string): Reading => {
    let from = 0;
    if (stage === 'before') {
      while (from < piece.length && isSpace(piece.charAt(from))) from++;
      if (from === piece.length) return more;
      if (piece.charAt(from) !== '{') return { state: 'none', at: earlier + from };
      stage = 'object';
    }
    if (stage === 'object') {
      const { state, at } = span.read(piece, from);
      if (state === 'broken') return { state: 'none', at: earlier + at };
      body += piece.slice(from, at);
      if (state === 'open') return more;
      stage = 'after';
      from = at;
    }
    return readCloser(piece, from);
  };

  return {
    read(piece) {
      const reading = readFrom(piece);
      earlier += piece.length;
      return reading;
    },
    end: call,
  };
}

const more: Reading = { state: 'more' };

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

function parseCall(body: string): readonly ToolCall[] {
  const json = parseJson(body);
  const parsed = callShape.safeParse(json.ok ? json.value : undefined);
  if (!parsed.success) return [];
  const given = parsed.data.arguments ?? parsed.data.parameters ?? {};
  if (typeof given !== 'string') return [{ name: parsed.data.name, arguments: JSON.stringify(given) }];
  return parseToolInput(given) ? [{ name: parsed.data.name, arguments: given }] : [];
}
