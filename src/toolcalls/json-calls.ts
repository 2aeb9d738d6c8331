/**
 * Calls written as JSON: `{"name": …, "arguments": {…}}` or an array of such. Seen in the wild: `parameters` instead of
 * `arguments`, arguments as a JSON string, none at all.
 */
import { z } from 'zod';
import { isToolInput, parseToolInput } from '../protocol/anthropic/tool-input.ts';
import { type JsonObject, parseJson } from '../protocol/json.ts';
import { ahead } from './completed.ts';
import { createReader, jsonText, oneOf, position, space } from './run.ts';
import type { CallReader, ToolCall } from './types.ts';

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
  return createReader(function* (input, found) {
    yield* space(input);
    const json = yield* jsonText(input, bracket);
    if (json === undefined) return position(input);
    found.push(...parseCalls(json));
    if (closer === undefined) return position(input);
    yield* space(input);
    // Other markup in the closing tag's place means that it was forgotten; anything else, that this is no call.
    if (!(yield* oneOf(input, closer)) && !(yield* ahead(input, '<'))) found.length = 0;
    return position(input);
  });
}

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
