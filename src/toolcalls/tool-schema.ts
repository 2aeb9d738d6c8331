/** What a tool's input schema says of a call's arguments, and the values made to fit it where that is certain. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Json, type JsonObject, tooDeep } from '../protocol/json.ts';
import { mended } from './mend-value.ts';
import { type Objection, objectionsOf, pointer } from './schema-errors.ts';
import { problemOf } from './schema-words.ts';

export type Fitted =
  /** Untouched: what was written can go on as it is. */
  | { readonly state: 'fits' }
  /** `changes` are words for the log: `limit: "5" to 5`. */
  | { readonly state: 'retyped'; readonly value: Json; readonly changes: readonly string[] }
  /** The call is better without it: the tool knows no such argument, or it is null and may be missing. */
  | { readonly state: 'left out'; readonly reason: string }
  /** `problem` are words for the model: `limit must be an integer, got "abc"`. */
  | { readonly state: 'wrong'; readonly problem: string };

export interface ToolSchema {
  readonly required: readonly string[];
  /** Whether the argument takes any text as it is, so that it can be handed on before it is complete. */
  takesText(key: string): boolean;
  /** One argument's value against types, enums and unknown keys; lengths, ranges and patterns are the client's to check. */
  fit(key: string, value: Json): Fitted;
}

/** Deeper values exhaust the stack of a validator; no tool takes them. */
const maxDepth = 90;

/** Every request brings its schemas afresh; compiling one takes some ms. Keyed by their text's hash. */
const compiled = new LRUCache<string, ToolSchema>({ max: 256 });

/** The schema's rules. A schema that is missing or broken, or refers to others by URL, allows everything. */
export function toolSchema(inputSchema: JsonObject | undefined): ToolSchema {
  const schema = inputSchema ?? {};
  const key = hash('sha256', JSON.stringify(schema), 'base64');
  const known = compiled.get(key);
  if (known) return known;
  const created = createToolSchema(schema);
  compiled.set(key, created);
  return created;
}

function createToolSchema(schema: JsonObject): ToolSchema {
  const objections = objectionsOf(schema);
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === 'string') : [];
  const about = (key: string) => (value: Json) => under(pointer('', key), objections({ [key]: value }));
  return {
    required,
    takesText: (key) => about(key)(probe).length === 0,
    fit(key, value) {
      if (tooDeep(value, maxDepth) !== undefined) return wrong(`${key} is nested deeper than ${maxDepth} levels`);
      const check = about(key);
      const found = check(value);
      if (found.length === 0) return { state: 'fits' };
      const path = pointer('', key);
      if (unknown(path, found)) return { state: 'left out', reason: `${key} is no argument of the tool` };
      if (value === null && !required.includes(key)) return { state: 'left out', reason: `${key} is null` };
      return mended(value, path, found, check) ?? wrong(problemOf(found, value, path));
    },
  };
}

/** No schema lists it: one that takes it takes any text. */
const probe = 'any text \u0000';

function wrong(problem: string): Fitted {
  return { state: 'wrong', problem };
}

function under(path: string, objections: readonly Objection[]): readonly Objection[] {
  return objections.filter((objection) => objection.path === path || objection.path.startsWith(`${path}/`));
}

/** Where only some branches of a union do not know the key, the others say what is wrong with its value. */
function unknown(path: string, objections: readonly Objection[]): boolean {
  return objections.every((objection) => objection.path === path && objection.to === 'key');
}
