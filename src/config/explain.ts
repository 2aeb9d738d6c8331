/** What the schema refuses, in one line for the person who wrote it: `path: what; what to do`. */
import type { z } from 'zod';
import { isJsonObject } from '../protocol/json.ts';
import { suggest } from './nearest.ts';
import { configJsonSchema } from './schema.ts';

export function explain(error: z.ZodError): string {
  const [first, ...others] = error.issues;
  if (!first) return 'not a configuration';
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `${explainIssue(first)}${more}`;
}

export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w$-]+$/.test(name)) return `${text}["${name}"]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function explainIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = Object.keys(schemaAt(issue.path)?.properties ?? {}).filter((name) => !name.startsWith('$'));
    return `${pathText([...issue.path, key])}: unknown key; ${suggest(key, known)}`;
  }
  const what = wording(issue);
  const meaning = schemaAt(issue.path)?.description;
  const advice = what.includes(';') || !meaning ? '' : `; it is ${meaning}`;
  return `${pathText(issue.path) || 'the file'}: ${what}${advice}`;
}

function wording({ message }: z.core.$ZodIssue): string {
  const text = message
    .replace(/^Invalid (input|option): /, '')
    .replace(/^expected (.+), received undefined$/, 'missing, expected $1');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The part of the JSON schema that describes the value at a path. */
function schemaAt(path: readonly PropertyKey[]): z.core.JSONSchema.BaseSchema | undefined {
  let at: z.core.JSONSchema.BaseSchema | undefined = configJsonSchema();
  for (const key of path) {
    at = asSchema(at?.properties?.[String(key)]) ?? asSchema(at?.additionalProperties) ?? asSchema(at?.items);
  }
  return at;
}

function asSchema(value: unknown): z.core.JSONSchema.BaseSchema | undefined {
  return isJsonObject(value) ? value : undefined;
}
