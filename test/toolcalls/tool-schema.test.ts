import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/protocol/json.ts';
import { type ToolSchema, toolSchema } from '../../src/toolcalls/tool-schema.ts';

function of(schema: JsonObject): ToolSchema {
  return toolSchema({ type: 'object', properties: { x: schema }, required: ['x'], additionalProperties: false });
}

const string = { type: 'string' };
const integer = { type: 'integer' };
const number = { type: 'number' };
const boolean = { type: 'boolean' };
const strings = { type: 'array', items: string };
const optional = (schema: JsonObject) => ({ anyOf: [schema, { type: 'null' }] });
const todo = {
  type: 'object',
  properties: { text: string, done: boolean, state: { enum: ['open', 'closed'] } },
  required: ['text', 'done'],
  additionalProperties: false,
};
const shapes = {
  oneOf: [
    { type: 'object', properties: { kind: { const: 'circle' }, r: number }, additionalProperties: false },
    { type: 'object', properties: { kind: { const: 'box' }, w: number, h: number }, additionalProperties: false },
  ],
};

test.each<[JsonObject, Json]>([
  [string, '5'],
  [string, ' true '],
  [string, '["a"]'],
  [string, 'null'],
  [{ type: ['string', 'integer'] }, '5'],
  [integer, 5],
  [integer, 12345678901234567000],
  [number, 5.5],
  [{}, '5'],
  [{}, { a: [null] }],
  [true as unknown as JsonObject, 5],
  [{ type: 'string', pattern: '^[a-z]+$', maxLength: 1, format: 'uri' }, 'UPPER'],
  [{ type: 'integer', minimum: 10, multipleOf: 4 }, 5],
  [{ type: 'array', items: integer, minItems: 3, uniqueItems: true }, [1, 1]],
  [{ type: 'string', pattern: '[' }, 'a broken pattern'],
  [todo, { text: 'no done' }],
  [
    {
      oneOf: [
        { type: 'object', required: ['a'] },
        { type: 'object', required: ['b'] },
      ],
    },
    { a: 1 },
  ],
  [{ oneOf: [string, { type: 'string', format: 'uri' }] }, 'fits both'],
  [{ not: { type: 'string', pattern: 'x' } }, 'y'],
  [optional(integer), null],
])('%j takes %j as it is', (schema, value) => {
  expect(of(schema).fit('x', value)).toEqual({ state: 'fits' });
});

test.each<[JsonObject, Json, Json]>([
  [integer, '5', 5],
  [integer, ' 5 ', 5],
  [integer, '5.0', 5],
  [integer, '-12', -12],
  [number, '0.25', 0.25],
  [number, '1e3', 1000],
  [boolean, 'true', true],
  [boolean, 'True', true],
  [boolean, 'FALSE', false],
  [{ type: ['integer', 'null'] }, 'null', null],
  [optional(boolean), 'None', null],
  [optional(integer), '7', 7],
  [string, 5, '5'],
  [string, 0.5, '0.5'],
  [string, true, 'true'],
  [strings, '["a", "b"]', ['a', 'b']],
  [strings, "['a', 'b',]", ['a', 'b']],
  [strings, 'a', ['a']],
  [strings, 5, ['5']],
  [strings, '[1, 2]', ['1', '2']],
  [strings, [1, 'a', true], ['1', 'a', 'true']],
  [{ type: 'array', items: integer }, '7', [7]],
  [{ type: 'array', items: todo }, { text: 'a', done: 'True' }, [{ text: 'a', done: true }]],
  [{ type: 'array', items: todo }, '{"text": "a", "done": False, }', [{ text: 'a', done: false }]],
  [todo, "{'text': 'a', 'done': True}", { text: 'a', done: true }],
  [todo, { text: 'a', done: true, id: 1, note: 'b' }, { text: 'a', done: true }],
  [todo, { text: 'a', done: true, state: 'Open' }, { text: 'a', done: true, state: 'open' }],
  [optional({ type: 'array', items: todo }), '[{"text": 1, "done": "true"}]', [{ text: '1', done: true }]],
  [{ enum: ['fast', 'slow'] }, 'Fast', 'fast'],
  [{ enum: ['fast', 'slow'] }, ' slow\n', 'slow'],
  [{ enum: ['fast', 'slow'] }, '"slow"', 'slow'],
  [{ type: 'string', enum: ['a', 'A'] }, ' A', 'A'],
  [{ enum: [1, 2, null] }, '2', 2],
  [{ enum: [1, 2, null] }, 'null', null],
  [{ type: 'string', enum: ['1', '2'] }, 2, '2'],
  [{ const: 'on' }, 'ON', 'on'],
  [{ anyOf: [strings, { type: 'object', properties: { a: integer } }] }, { a: '5' }, { a: 5 }],
  [{ anyOf: [number, { type: 'array', items: number }] }, '[1, "2"]', [1, 2]],
  [shapes, { kind: 'box', w: '1', h: 2, depth: 3 }, { kind: 'box', w: 1, h: 2 }],
  [
    { type: 'object', additionalProperties: integer },
    { a: '1', 'b/c~d': '2' },
    { a: 1, 'b/c~d': 2 },
  ],
  [{ $ref: '#/properties/x/$defs/n', $defs: { n: integer } }, '5', 5],
])('%j makes of %j', (schema, value, fitted) => {
  const { fit } = of(schema);
  expect(fit('x', value)).toEqual({ state: 'retyped', value: fitted, changes: expect.any(Array) });
  expect(fit('x', fitted)).toEqual({ state: 'fits' });
});

test.each<[JsonObject, Json, string]>([
  [integer, 'abc', 'x must be an integer, got "abc"'],
  [integer, '5.5', 'x must be an integer, got "5.5"'],
  [integer, '', 'x must be an integer, got ""'],
  [integer, '007', 'x must be an integer, got "007"'],
  [integer, '9007199254740993', 'x must be an integer, got "9007199254740993"'],
  [number, '0.1000000000000000055', 'x must be a number, got "0.1000000000000000055"'],
  [number, '1e999', 'x must be a number, got "1e999"'],
  [number, 'NaN', 'x must be a number, got "NaN"'],
  [boolean, 'yes', 'x must be a boolean, got "yes"'],
  [boolean, 1, 'x must be a boolean, got 1'],
  [integer, null, 'x must be an integer, got null'],
  [string, ['a'], 'x must be a string, got ["a"]'],
  [string, { a: 1 }, 'x must be a string, got {"a":1}'],
  [string, 12345678901234567000, 'x must be a string, got 12345678901234567000'],
  [strings, '', 'x must be an array, got ""'],
  [strings, '[a, {b}]', 'x must be an array, got "[a, {b}]"'],
  [strings, [['a']], 'x[0] must be a string, got ["a"]'],
  [optional(integer), 'abc', 'x must be an integer or null, got "abc"'],
  [{ type: ['integer', 'boolean', 'null'] }, 'abc', 'x must be an integer, a boolean or null, got "abc"'],
  [{ enum: ['fast', 'slow'] }, 'medium', 'x must be one of "fast", "slow", got "medium"'],
  [{ type: 'string', enum: ['a', 'A'] }, 5, 'x must be one of "a", "A", got 5'],
  [{ const: 'on' }, 'off', 'x must be "on", got "off"'],
  [{ type: 'array', items: todo }, [{ text: 'a', done: 'later' }], 'x[0].done must be a boolean, got "later"'],
  [integer, 'long '.repeat(100), `x must be an integer, got "${'long '.repeat(100).slice(0, 39)}…`],
])('%j cannot make anything of %j', (schema, value, problem) => {
  expect(of(schema).fit('x', value)).toEqual({ state: 'wrong', problem });
});

test('what changed is said in words', () => {
  const fit = (value: Json) => of({ type: 'array', items: todo }).fit('x', value);
  expect(fit([{ text: 'a', done: 'true', id: 1 }])).toMatchObject({
    changes: ['x[0].done: "true" to true', 'x[0].id: left out'],
  });
  expect(fit('[{"text": "a", "done": "true"}]')).toMatchObject({
    changes: [expect.stringMatching(/^x: "\[\{.*… to \[\{.*\]$/), 'x[0].done: "true" to true'],
  });
});

test('unknown arguments and nulls that may be missing are left out', () => {
  const { fit } = toolSchema({
    properties: { a: string, b: string, c: false },
    required: ['a'],
    additionalProperties: false,
  });
  expect(fit('d', 1)).toEqual({ state: 'left out', reason: 'd is no argument of the tool' });
  expect(fit('c', 1)).toEqual({ state: 'left out', reason: 'c is no argument of the tool' });
  expect(fit('__proto__', 1)).toEqual({ state: 'left out', reason: '__proto__ is no argument of the tool' });
  expect(fit('b', null)).toEqual({ state: 'left out', reason: 'b is null' });
  expect(fit('a', null)).toEqual({ state: 'wrong', problem: 'a must be a string, got null' });
  const unevaluated = toolSchema({ allOf: [{ properties: { a: string } }], unevaluatedProperties: false });
  expect(unevaluated.fit('a', 'x')).toEqual({ state: 'fits' });
  expect(unevaluated.fit('b', 'x')).toMatchObject({ state: 'left out' });
  const conditional = toolSchema({
    if: { required: ['a'] },
    // biome-ignore lint/suspicious/noThenProperty: a schema's keyword
    then: { properties: { b: string } },
    unevaluatedProperties: false,
  });
  expect(conditional.fit('b', 'x')).toEqual({ state: 'fits' });
});

test('an argument that one branch of the tool knows is none that is unknown', () => {
  const { fit } = toolSchema({
    anyOf: [
      { properties: { a: string }, additionalProperties: false },
      { properties: { b: integer }, additionalProperties: false },
    ],
  });
  expect(fit('b', 1)).toEqual({ state: 'fits' });
  expect(fit('b', '1')).toMatchObject({ state: 'retyped', value: 1 });
  expect(fit('c', 1)).toMatchObject({ state: 'left out' });
});

test.each<[JsonObject, boolean]>([
  [string, true],
  [{ type: ['string', 'null'] }, true],
  [optional(string), true],
  [{ oneOf: [integer, string] }, true],
  [{ $ref: '#/properties/x/$defs/s', $defs: { s: string } }, true],
  [{}, true],
  [{ description: 'untyped' }, true],
  [{ type: 'string', pattern: '^a', maxLength: 3 }, true],
  [{ type: 'string', enum: ['a'] }, false],
  [{ const: 'a' }, false],
  [integer, false],
  [strings, false],
  [{ anyOf: [strings, { type: 'object' }] }, false],
  [optional({ enum: ['a'] }), false],
])('%j takes any text: %j', (schema, takes) => {
  expect(of(schema).takesText('x')).toBe(takes);
});

test('an argument that the schema does not list takes text where others are allowed', () => {
  expect(toolSchema({ properties: {} }).takesText('y')).toBe(true);
  expect(toolSchema({ additionalProperties: string }).takesText('y')).toBe(true);
  expect(toolSchema({ additionalProperties: integer }).takesText('y')).toBe(false);
  expect(toolSchema({ properties: {}, additionalProperties: false }).takesText('y')).toBe(false);
});

test.each<[string, JsonObject | undefined]>([
  ['none', undefined],
  ['one of another dialect', { $schema: 'http://json-schema.org/draft-07/schema#', properties: {} }],
  ['a broken one', { properties: { x: { type: 'nonsense' } } }],
  ['one that is elsewhere', { $ref: 'http://127.0.0.1:1/schema.json' }],
  ['one that goes in circles', { properties: { x: { $ref: '#/$defs/a' } }, $defs: { a: { $ref: '#/$defs/a' } } }],
])('a schema that says nothing allows everything: %s', (_what, schema) => {
  const { fit, takesText, required } = toolSchema(schema);
  expect(fit('x', '5')).toEqual({ state: 'fits' });
  expect(takesText('x')).toBe(true);
  expect(required).toEqual([]);
});

test('two schemas of one $id are two', () => {
  const schema = (type: string) => toolSchema({ $id: 'https://example.com/s', properties: { x: { type } } });
  expect(schema('string').takesText('x')).toBe(true);
  expect(schema('integer').takesText('x')).toBe(false);
});

test('a schema is compiled once, however often it comes', () => {
  expect(toolSchema({ properties: { once: string } })).toBe(toolSchema({ properties: { once: string } }));
});

test('a value nested too deep is wrong, whatever the schema', () => {
  const deep = JSON.parse('['.repeat(5_000) + ']'.repeat(5_000));
  expect(toolSchema(undefined).fit('x', deep)).toEqual({
    state: 'wrong',
    problem: 'x is nested deeper than 90 levels',
  });
});

// Measured: 10 to 100 ms each.
test('many mistakes in a long list are quick', { timeout: 5_000 }, () => {
  const { fit } = of({
    anyOf: [
      { type: 'array', items: integer },
      { type: 'array', items: strings },
    ],
  });
  const some = Array.from({ length: 500 }, (_, index) => index);
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  expect(fit('x', some.map(String))).toMatchObject({ state: 'retyped', value: some });
  expect(fit('x', many)).toEqual({ state: 'fits' });
  expect(fit('x', many.map(String))).toMatchObject({
    state: 'wrong',
    problem: expect.stringMatching(/^x\[0\] must be /),
  });
  expect(of(integer).fit('x', `1${'0'.repeat(1_000_000)}1`)).toMatchObject({ state: 'wrong' });
  expect(fit('x', Object.fromEntries(many.map((index) => [`k${index}`, index])))).toMatchObject({ state: 'wrong' });
});

/** A schema and a value that fits it. */
const fitting: fc.Arbitrary<{ schema: JsonObject; value: Json }> = fc.letrec<{
  any: { schema: JsonObject; value: Json };
}>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.integer().map((value) => ({ schema: integer, value: value === 0 ? 0 : value })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((value) => ({ schema: number, value: value === 0 ? 0 : value })),
    fc.boolean().map((value) => ({ schema: boolean, value })),
    fc.string().map((value) => ({ schema: string, value })),
    fc.string({ minLength: 1 }).map((value) => ({ schema: { enum: [value] }, value })),
    fc.constant({ schema: { type: 'null' }, value: null }),
    tie('any').map(({ schema, value }) => ({ schema: { type: 'array', items: schema }, value: [value, value] })),
    tie('any').map(({ schema, value }) => ({ schema: optional(schema), value })),
    fc.tuple(fc.string(), tie('any')).map(([key, { schema, value }]) => ({
      schema: { type: 'object', properties: { [`k${key}`]: schema }, additionalProperties: false },
      value: { [`k${key}`]: value },
    })),
  ),
})).any;

test('a value that fits is never touched', () => {
  fc.assert(
    fc.property(fitting, ({ schema, value }) => {
      expect(of(schema).fit('x', value)).toEqual({ state: 'fits' });
    }),
  );
});

test('a value written as text is typed back', () => {
  fc.assert(
    fc.property(fitting, ({ schema, value }) => {
      fc.pre(typeof value !== 'string' && !of(schema).takesText('x'));
      fc.pre(!Number.isInteger(value) || Number.isSafeInteger(value));
      expect(of(schema).fit('x', JSON.stringify(value))).toMatchObject({ state: 'retyped', value });
    }),
  );
});

test('nothing throws, and what is retyped fits', () => {
  const schemas = fc.oneof(
    fitting.map(({ schema }) => schema),
    fc.object().map((schema) => JSON.parse(JSON.stringify(schema))),
  );
  fc.assert(
    fc.property(schemas, fc.string(), fc.jsonValue(), (schema, key, json) => {
      const value = JSON.parse(JSON.stringify(json));
      for (const { fit, takesText } of [
        of(schema),
        toolSchema(schema),
        toolSchema({ properties: { [key]: schema } }),
      ]) {
        takesText(key);
        for (const name of [key, 'x']) {
          const fitted = fit(name, value);
          if (fitted.state === 'retyped') expect(fit(name, fitted.value)).toEqual({ state: 'fits' });
        }
      }
    }),
    { numRuns: 100 },
  );
});
