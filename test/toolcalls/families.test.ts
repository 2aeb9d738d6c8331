/** All families' markup in any order and any state. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import { families } from '../../src/toolcalls/families.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { createTools, type Tools } from '../../src/toolcalls/tool-set.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';
import { corpus } from './corpus/index.ts';
import { code, tools as known } from './corpus/sample.ts';

function read(pieces: readonly string[], reason: EndReason = 'end_turn', tools: Tools = known): EngineEvent[] {
  const sink = recorder();
  const stage = readToolCalls(sink, { tools, grammar: 'auto' });
  for (const text of pieces) stage.push({ type: 'text', text });
  stage.push({ type: 'ended', reason });
  return joined(sink.events);
}

const openers = families.flatMap((family) => [...family.openers, ...(family.firstOpeners ?? [])]);
const texts = Object.values(corpus)
  .flat()
  .map(({ text }) => text)
  .filter((text) => text.length < 1_000);
const text = fc.constantFrom(...texts);
const half = fc.tuple(text, fc.nat(), fc.boolean()).map(([text, at, first]) => {
  const cut = at % text.length;
  return first ? text.slice(0, cut) : text.slice(cut);
});
const soup = fc
  .array(fc.oneof(fc.constantFrom(...openers), text, half), { maxLength: 5 })
  .map((parts) => parts.join(''));

test('any cutting gives the same events', () => {
  const reason = fc.constantFrom<EndReason[]>('end_turn', 'max_tokens');
  fc.assert(
    fc.property(soup, cuts, reason, (text, cuts, reason) => {
      expect(read(cutAt(text, cuts), reason)).toEqual(read([text], reason));
    }),
    { numRuns: 1_000 },
  );
});

test('nothing of a text without known tools is lost', () => {
  fc.assert(
    fc.property(soup, (text) => {
      const said = `It says ${text} there.`;
      expect(read([said], 'end_turn', createTools([{ name: 'Other', inputSchema: undefined }]))).toEqual([
        { type: 'text', text: said },
        { type: 'ended', reason: 'end_turn' },
      ]);
    }),
    { numRuns: 1_000 },
  );
});

test('prose, code and JSON are held back by no more than the longest opener', () => {
  const longest = Math.max(...openers.map((opener) => opener.length));
  const plain = [
    '{"name": "Rome", "sizes": [{"name": "a", "of": [1, 2]}], "type": "city"}\n',
    'See [the docs](http://a/b#c), [1] and [x]; I call: nothing, tool_code is `a[0][key] = {b: [c(d)]}`.\n',
    code,
    '\n```json\n[{"city": "Rome"}]\n```\n<b>bold</b> <|x|> <tool> a < b\n',
  ].join('');
  const sink = recorder();
  const stage = readToolCalls(sink, { tools: known, grammar: 'auto' });
  let said = 0;
  let read = 0;
  for (const character of plain) {
    stage.push({ type: 'text', text: character });
    read += character.length;
    for (const event of sink.events.splice(0)) if (event.type === 'text') said += event.text.length;
    expect(read - said).toBeLessThanOrEqual(longest);
  }
});

const unfinished = [
  '[Read({"a":"',
  'call:Read(a="',
  'call:Read(a=[[',
  '<|tool_call>call:Read{a:[{b:',
  '[TOOL_CALLS]Read{',
  '{',
];

test.each(unfinished)('nothing but %j costs its length, not its square', (part) => {
  // The square of 100 kB would be minutes.
  const text = part.repeat(100_000 / part.length);
  expect(read([text]).at(-1)).toMatchObject({ type: 'ended' });
  expect(read(text.split('')).at(-1)).toMatchObject({ type: 'ended' });
});
