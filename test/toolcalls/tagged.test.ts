/** Families that write values as bare text give them back exactly, of the type that the schema says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/protocol/json.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';
import * as glm from './corpus/glm.ts';
import * as minimax from './corpus/minimax.ts';
import * as qwenXml from './corpus/qwen-xml.ts';
import { tools } from './corpus/sample.ts';
import type { Call } from './corpus/samples-of.ts';

const pieces = [
  'a',
  ' ',
  '\n',
  '\t',
  '<',
  '>',
  '"',
  "'",
  '\\',
  '{',
  ']',
  '5',
  'null',
  '</b>',
  '<think>',
  '[TOOL_CALLS]',
  '😀',
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ file_path: text, limit: fc.integer(), offset: fc.integer() }).map((input) => ({ name: 'Read', input })),
  fc
    .record({ command: text, timeout: fc.integer().map((n) => n / 4), run_in_background: fc.boolean() })
    .map((input) => ({ name: 'Bash', input })),
  fc
    .record({ sql: text, params: fc.dictionary(fc.stringMatching(/^\w{1,5}$/), text), rows: fc.array(text) })
    .map((input) => ({ name: 'mcp__db__query', input })),
);

test.each(Object.entries({ qwenXml, glm, minimax }))(
  '%s: generated calls are read as they were meant',
  (_, { render }) => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), cuts, (calls, cuts) => {
        const sink = recorder();
        const stage = readToolCalls(sink, { tools, grammar: 'auto' });
        for (const piece of cutAt(render(calls), cuts)) stage.push({ type: 'text', text: piece });
        stage.push({ type: 'ended', reason: 'end_turn' });
        const inputs = joined(sink.events).flatMap((event) =>
          event.type === 'toolCallArguments' ? [parseJson(event.json)] : [],
        );
        expect(inputs).toEqual(calls.map(({ input }) => ({ ok: true, value: { ...input } })));
        expect(sink.events.filter((event) => event.type === 'text')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  },
);
