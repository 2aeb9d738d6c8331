/** One value as another type. Only what is certain: nothing is cut, rounded or guessed. */
import { type Json, parseJson } from '../protocol/json.ts';
import { repairJson } from './repair-json.ts';
import type { Objection } from './schema-errors.ts';

/** What the value can have meant, likeliest first, given all that is said against it. */
export function retypings(value: Json, objections: readonly Objection[]): readonly Json[] {
  const types = new Set(objections.flatMap((objection) => (objection.to === 'type' ? objection.types : [])));
  const listed = objections.flatMap((objection) =>
    objection.to === 'value' ? [allowed(value, objection.allowed)] : [],
  );
  const typed = order.filter((type) => types.has(type)).map((type) => retype[type](value));
  return [...listed, ...typed].filter((retyped) => retyped !== undefined);
}

/** Wrapping into an array always works, so it is tried last. */
const order = ['null', 'boolean', 'integer', 'number', 'object', 'string', 'array'] as const;

/** Undefined where the value is not certainly one of that type. */
const retype: Readonly<Record<(typeof order)[number], (value: Json) => Json | undefined>> = {
  null: (value) => (typeof value === 'string' && /^(?:null|None)$/.test(value.trim()) ? null : undefined),
  boolean: (value) => {
    const [, yes, no] = typeof value === 'string' ? (/^\s*(?:(true)|(false))\s*$/i.exec(value) ?? []) : [];
    return yes ? true : no ? false : undefined;
  },
  integer: toNumber,
  number: toNumber,
  object: (value) => fromText(value, '{'),
  string: (value) => (typeof value === 'boolean' || isExact(value) ? String(value) : undefined),
  array: toArray,
};

/** In characters; no number has more digits than 17 that come back. */
const longestNumber = 40;

/** Whether it is an integer is the schema's to say. Digits must come back: ids can be longer than a number holds. */
function toNumber(value: Json): number | undefined {
  if (typeof value !== 'string' || value.length > longestNumber) return undefined;
  const json = parseJson(value.trim());
  if (!json.ok || typeof json.value !== 'number') return undefined;
  const exact = /e/i.test(value) ? Number.isFinite(json.value) : isExact(json.value);
  return exact && digits(String(json.value)) === digits(value) ? json.value : undefined;
}

/** An integer beyond 2^53 may have been another one. */
function isExact(value: Json): value is number {
  return typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

/** Significant digits, whatever the notation. */
function digits(number: string): string {
  return number
    .trim()
    .replace(/e.*$/i, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');
}

function toArray(value: Json): Json | undefined {
  if (value === null || Array.isArray(value)) return undefined;
  if (typeof value !== 'string') return [value];
  // Text that only begins like a list is a damaged one, not an element.
  if (value.trimStart().startsWith('[')) return fromText(value, '[');
  return value.trim() === '' ? undefined : [value];
}

function fromText(value: Json, opener: '{' | '['): Json | undefined {
  if (typeof value !== 'string' || !value.trimStart().startsWith(opener)) return undefined;
  const repaired = repairJson(value);
  return repaired.ok ? repaired.value : undefined;
}

type Scalar = string | number | boolean | null;

/** The only allowed value that reads the same: in other quotes and white space, or else in another case, or as text. */
function allowed(value: Json, values: readonly unknown[]): Json | undefined {
  if (typeof value === 'object') return undefined;
  const scalars = values.filter((other) => typeof other !== 'object' || other === null) as readonly Scalar[];
  for (const form of [bare, (text: string) => bare(text).toLowerCase()]) {
    const same = scalars.filter((other) => form(String(other)) === form(String(value)));
    if (same.length === 1) return same[0];
  }
  return undefined;
}

function bare(text: string): string {
  return text.trim().replace(/^(["'`])(.*)\1$/s, '$2');
}
