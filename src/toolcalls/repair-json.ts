/** JSON as models write it: trailing commas, single quotes, raw newlines, Python's literals, forgotten closers, … */
import { jsonrepair } from 'jsonrepair';
import { type Json, parseJson, tooDeep } from '../protocol/json.ts';
import { mendEscapes, tidyJson, withoutComments } from './tidy-json.ts';

export type RepairedJson =
  /** `text` says the value in JSON, numbers as they were written. */
  | { readonly ok: true; readonly value: Json; readonly text: string; readonly repaired: boolean }
  | { readonly ok: false; readonly reason: string };

/** Deeper values exhaust the stack of whoever reads them next; no tool takes them. */
const maxDepth = 90;

/**
 * Every single repair of jsonrepair copies all the text behind it (80,000 trailing commas: 10 s), so longer texts get what
 * `tidyJson` mends in one pass and nothing else.
 */
const maxLoose = 64 * 1024;

/** The JSON value that `text` says or clearly means. Prose is refused: a value must begin as an object, an array or a string. */
export function repairJson(text: string): RepairedJson {
  const plain = shallow(text);
  if (plain.ok) return { ...plain, repaired: false };
  const kind = kindOf(text);
  if (kind === undefined) return plain;
  const repaired = repairs(text, plain.reason);
  if (!repaired.ok) return repaired;
  // Several values in a row come out as an array of them.
  if (kindOf(JSON.stringify(repaired.value)) !== kind) return plain;
  return { ...repaired, repaired: true };
}

type Value =
  | { readonly ok: true; readonly value: Json; readonly text: string }
  | { readonly ok: false; readonly reason: string };

function repairs(text: string, reason: string): Value {
  const source = mendEscapes(unescaped(text) ?? text);
  const tidy = tidyJson(source);
  if (tidy.depth > maxDepth) return tooNested;
  const tidied = shallow(tidy.text);
  if (tidied.ok || source.length > maxLoose) return tidied.ok ? tidied : { ok: false, reason };
  const uncommented = shallow(tidyJson(withoutComments(source)).text);
  if (uncommented.ok) return uncommented;
  try {
    return shallow(jsonrepair(singleQuoted(source) ? tidy.text : source));
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

const tooNested = { ok: false, reason: `nested deeper than ${maxDepth} levels` } as const;

function shallow(text: string): Value {
  const json = parseJson(text);
  if (!json.ok) return json;
  return tooDeep(json.value, maxDepth) === undefined ? { ok: true, value: json.value as Json, text } : tooNested;
}

/** A string must also end as one: `'tis` is a word. */
function kindOf(text: string): 'object' | 'array' | 'string' | undefined {
  const [, open] = /^\s*(?:```\w*\s*)?([{["'])/.exec(text) ?? [];
  if (open === '{') return 'object';
  if (open === '[') return 'array';
  return open !== undefined && text.trim().length > 1 && text.trimEnd().endsWith(open) ? 'string' : undefined;
}

/** jsonrepair 3.15 makes `"it\"s"` of `'it's'`, so it shall not see single quotes where they are the quotes. */
function singleQuoted(text: string): boolean {
  return /^[\s{[]*'/.test(text);
}

/** `{\"key\": \"value\"}`: the inside of a JSON string whose own quotes were lost. */
function unescaped(text: string): string | undefined {
  if (!/^\s*[{[](?:\s|\\n)*\\"/.test(text)) return undefined;
  const json = parseJson(`"${text.replace(/[\n\r\t]/g, ' ')}"`);
  return json.ok && typeof json.value === 'string' ? json.value : undefined;
}
