import { isJsonObject, parseJson } from '../protocol/json.ts';
import type { FittedCall } from './fit-call.ts';

/** Whether two calls are of the same tool with the same arguments, whatever their keys' order. */
export function sameCall(a: FittedCall, b: FittedCall): boolean {
  return a.name === b.name && (a.json === b.json || canonical(a.json) === canonical(b.json));
}

function canonical(text: string): string {
  const json = parseJson(text);
  return json.ok ? JSON.stringify(json.value, sorted) : text;
}

function sorted(_: string, value: unknown): unknown {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
}
