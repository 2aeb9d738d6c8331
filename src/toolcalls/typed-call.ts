/** Calls of families that write every argument as bare text: the tool's schema says what it stands for. */
import { isToolInput } from '../protocol/anthropic/tool-input.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../protocol/json.ts';
import type { ToolCall, Tools } from './types.ts';

/** Arguments in their order; a later one of the same name replaces an earlier one. */
export type RawArguments = readonly (readonly [name: string, text: string])[];

/** The call, or undefined where there is no such tool or the input is none. Texts that do not fit their type stay strings. */
export function typedCall(name: string, raw: RawArguments, tools: Tools): ToolCall | undefined {
  if (!tools.has(name)) return undefined;
  const properties = tools.get(name)?.properties;
  const input = Object.fromEntries(
    raw.map(([key, text]) => [key, typedValue(text, isJsonObject(properties) ? properties[key] : undefined)]),
  );
  return isToolInput(input) ? { name, arguments: JSON.stringify(input) } : undefined;
}

function typedValue(text: string, schema: Json | undefined): unknown {
  const types = isJsonObject(schema) ? typesOf(schema) : [];
  if (types.includes('string') && !(types.includes('null') && text === 'null')) return text;
  const json = parseJson(pythonLiterals.get(text.trim()) ?? text);
  return json.ok && types.includes(typeOf(json.value)) ? json.value : text;
}

/** What models trained on Python write. */
const pythonLiterals: ReadonlyMap<string, string> = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
]);

/** Names of the JSON types that the schema allows; none where it does not say. */
function typesOf(schema: JsonObject): readonly string[] {
  const own = [schema.type].flat().filter((type) => typeof type === 'string');
  const others = [schema.anyOf, schema.oneOf].flatMap((some) => (Array.isArray(some) ? some : []));
  const types = [...own, ...others.filter(isJsonObject).flatMap(typesOf)];
  return types.includes('number') ? [...types, 'integer'] : types;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
