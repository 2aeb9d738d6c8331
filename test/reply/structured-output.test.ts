import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import type { JsonObject } from '../../src/protocol/json.ts';
import { expectJson, jsonInstruction } from '../../src/reply/structured-output.ts';
import { cutAt, cuts, recorder } from '../support/engine-events.ts';

const title: JsonObject = {
  type: 'object',
  properties: { title: { type: 'string' } },
  required: ['title'],
  additionalProperties: false,
};
const list: JsonObject = { type: 'array', items: { type: 'integer' } };
const pair: JsonObject = { type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] };

function answer(schema: JsonObject, pieces: readonly string[], reason: EndReason = 'end_turn'): EngineEvent[] {
  const sink = recorder();
  const stage = expectJson(sink, schema);
  for (const text of pieces) stage.push({ type: 'text', text });
  expect(sink.events).toEqual([]);
  stage.push({ type: 'ended', reason });
  return sink.events;
}

const text = (schema: JsonObject, written: string, reason?: EndReason) =>
  answer(schema, [written], reason).map((event) => (event.type === 'text' ? event.text : `<${event.type}>`));

test.each([
  ['bare', title, '{"title": "A"}', '{"title": "A"}'],
  ['with white space', title, '\n\n{"title":"A"}\n', '{"title":"A"}'],
  ['fenced', title, '```json\n{"title": "A"}\n```', '{"title": "A"}'],
  ['in prose', title, 'Sure {as you like}: {"title": "a } b"} I hope it helps.', '{"title": "a } b"}'],
  ['fenced in prose', list, 'Here [a list]:\n```\n[1, 2]\n```\nDone.', '[1, 2]'],
  ['of the schema type', title, '[1] {"title": "A"}', '{"title": "A"}'],
  ['exact numbers', list, '[12345678901234567890]', '[12345678901234567890]'],
])('takes the JSON value: %s', (_, schema, written, expected) => {
  expect(text(schema, written)).toEqual([expected, '<ended>']);
});

test('a bare title is wrapped', () => {
  expect(text(title, ' Fix the "login" bug\n')).toEqual(['{"title":"Fix the \\"login\\" bug"}', '<ended>']);
  expect(text(title, '"Fix the login"')).toEqual(['{"title":"Fix the login"}', '<ended>']);
});

test('what is no JSON and no title stays as it is', () => {
  expect(text(pair, 'I cannot say.')).toEqual(['I cannot say.', '<ended>']);
  expect(text(title, '{"title": "cut o', 'max_tokens')).toEqual(['{"title": "cut o', '<ended>']);
  expect(text(title, '')).toEqual(['<ended>']);
});

test('text before a tool call is not held', () => {
  const sink = recorder();
  const stage = expectJson(sink, title);
  stage.push({ type: 'text', text: 'Let me look. ' });
  stage.push({ type: 'toolCallStart', name: 'Read' });
  expect(sink.events).toEqual([
    { type: 'text', text: 'Let me look. ' },
    { type: 'toolCallStart', name: 'Read' },
  ]);
});

test('any cutting and any prose without braces give the same value', () => {
  const prose = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', '.', '😀') });
  fc.assert(
    fc.property(prose, fc.dictionary(fc.string(), fc.string()), prose, cuts, (before, value, after, cuts) => {
      const written = `${before}${JSON.stringify(value)}${after}`;
      expect(answer(pair, cutAt(written, cuts))[0]).toEqual({ type: 'text', text: JSON.stringify(value) });
    }),
  );
});

test('a text of braces is given up on', () => {
  expect(text(pair, '{'.repeat(200_000))[0]).toHaveLength(200_000);
});

test('the instruction holds the schema', () => {
  expect(jsonInstruction(title)).toContain(JSON.stringify(title));
});
