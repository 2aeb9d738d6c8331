/** What can be a tool call's input. */
import { isJsonObject, type JsonObject, parseJson, tooDeep } from '../json.ts';

/** Deeper input is a runaway model's: it would be refused when it comes back as history, and exhausts the stack when written. */
const maxDepth = 90;

export function isToolInput(value: unknown): value is JsonObject {
  return isJsonObject(value) && tooDeep(value, maxDepth) === undefined;
}

/** The input written as `text`, or undefined where it is none. */
export function parseToolInput(text: string): JsonObject | undefined {
  const json = parseJson(text);
  return json.ok && isToolInput(json.value) ? json.value : undefined;
}
