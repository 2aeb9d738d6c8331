/** Parameters of tools: each a schema, and values that fit it. */
import fc from 'fast-check';
import type { JsonObject } from '../../../src/protocol/json.ts';
import type { Exact } from './exact.ts';
import { strings, word } from './text.ts';

/** How a family writes values: as JSON, bare between tags, between tokens of its own, or as Python. */
export type Manner = 'json' | 'bare' | 'gemma' | 'python';

export interface Param {
  readonly schema: JsonObject;
  /** What the schema's `$ref` names, if there is one. */
  readonly defs?: JsonObject;
  readonly values: (manner: Manner) => fc.Arbitrary<Exact>;
}

const textOf = (manner: Manner) =>
  strings[manner === 'bare' ? 'between tags' : manner === 'gemma' ? 'between tokens' : 'quoted'];
const integer = fc.oneof(fc.integer({ min: -9, max: 99 }), fc.maxSafeInteger());
/** More digits than a double holds. */
const huge = fc.bigInt({ min: 2n ** 60n, max: 2n ** 90n });
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (value === 0 || (Number.isInteger(value) && !Number.isSafeInteger(value)) ? 0 : value));
const key = fc.constantFrom('a', 'b_2', 'Key', 'constructor', 'toString', 'x1');

const anything = (manner: Manner): fc.Arbitrary<Exact> =>
  fc.letrec<{ value: Exact }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.oneof(textOf(manner), integer, fc.boolean(), fc.constant(null), double),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;

const deep = fc.tuple(fc.nat(40), fc.boolean()).map(([depth, list]) => {
  let value: Exact = list ? [] : {};
  for (let level = 0; level < depth; level++) value = (level + depth) % 2 ? [value] : { a: value };
  return Array.isArray(value) ? value : [value];
});

const string = { type: 'string' };
const edit: JsonObject = {
  type: 'object',
  properties: { old: string, new: string, all: { type: 'boolean' } },
  required: ['old'],
  additionalProperties: false,
};
const edits = (manner: Manner) =>
  fc.record(
    { old: textOf(manner), new: textOf(manner), all: fc.boolean() },
    { requiredKeys: ['old'], noNullPrototype: true },
  );

/** Where null is allowed, too, these words are not text. */
const noNull = (manner: Manner) =>
  textOf(manner).map((text) => (/^\s*(null|none)\s*$/i.test(text) ? `${text}!` : text));

export const kinds = {
  text: { schema: string, values: textOf },
  prompt: { schema: { type: 'string', minLength: 0, description: 'any' }, values: textOf },
  untyped: {
    schema: { description: 'no type' },
    values: (manner) => (manner === 'bare' ? noNull(manner) : anything(manner)),
  },
  integer: {
    schema: { type: 'integer', minimum: -1e300 },
    values: () => fc.oneof(integer, huge),
  },
  number: { schema: { type: 'number' }, values: () => fc.oneof(double, integer) },
  boolean: { schema: { type: 'boolean' }, values: () => fc.boolean() },
  mode: {
    schema: { type: 'string', enum: ['content', 'files', 'Count'] },
    values: () => fc.constantFrom('content', 'files', 'Count'),
  },
  constant: { schema: { const: 'always' }, values: () => fc.constant('always') },
  words: { schema: { type: 'array', items: string }, values: (manner) => fc.array(textOf(manner), { maxLength: 3 }) },
  oneWord: { schema: { type: 'array', items: string }, values: () => word.map((text) => [text]) },
  numbers: {
    schema: { type: 'array', items: { type: 'integer' } },
    values: () => fc.array(fc.oneof(integer, huge), { maxLength: 3 }),
  },
  edits: { schema: { type: 'array', items: edit }, values: (manner) => fc.array(edits(manner), { maxLength: 3 }) },
  edit: { schema: { $ref: '#/$defs/edit' }, defs: { edit }, values: edits },
  open: {
    schema: { type: 'object' },
    values: (manner) => fc.dictionary(key, anything(manner), { maxKeys: 3, noNullPrototype: true }),
  },
  deep: { schema: { type: 'array' }, values: () => deep },
  nullable: {
    schema: { type: ['string', 'null'] },
    values: (manner) => fc.oneof(noNull(manner), fc.constant(null)),
  },
  maybe: {
    schema: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    values: () => fc.oneof(integer, fc.constant(null)),
  },
  either: {
    schema: { anyOf: [string, { type: 'integer' }] },
    values: (manner) => (manner === 'bare' ? textOf(manner) : fc.oneof(textOf(manner), integer)),
  },
  oneOf: {
    schema: { oneOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'number' } }] },
    values: () => fc.oneof(fc.boolean(), fc.array(integer, { maxLength: 2 })),
  },
} as const satisfies Readonly<Record<string, Param>>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly Kind[];
