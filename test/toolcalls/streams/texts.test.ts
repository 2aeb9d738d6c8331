/** Where nothing can be called, every character comes out as it went in. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTools, type Tools } from '../../../src/toolcalls/tool-set.ts';
import { cutAt, cuts } from '../../support/engine-events.ts';
import { damages } from './damage.ts';
import { allForms } from './forms.ts';
import { listen } from './listen.ts';
import { streamOf } from './stream.ts';
import { openers, said, strings } from './text.ts';

const none = createTools([]);
const others = createTools([{ name: 'nothing_of_the_kind', inputSchema: undefined }]);
const runs = process.env.WARMSLOT_SUITE === 'streams' ? 5_000 : 300;

/** A word in front, so that no thinking and no frame begins the answer. */
const answers = fc
  .constantFrom(...allForms.filter(({ framed }) => !framed))
  .chain((form) =>
    fc.constantFrom(...damages.filter(({ hits }) => hits(form))).chain((damage) => streamOf(form, damage)),
  )
  .map(({ text }) => `So: ${text}`);
const prose = fc
  .array(fc.oneof(said(false), strings.quoted, fc.constantFrom(...openers)), { maxLength: 8 })
  .map((parts) => `So: ${parts.join('')}`);

function expectUntouched(text: string, cuts: readonly number[], tools: Tools): void {
  const { items, faults, reason } = listen(cutAt(text, cuts), tools, 'end_turn');
  expect({ items, faults, reason }).toEqual({ items: [{ type: 'text', text }], faults: [], reason: 'end_turn' });
}

test('calls when the request has no tools', () => {
  fc.assert(
    fc.property(answers, cuts, (text, cuts) => expectUntouched(text, cuts, none)),
    { numRuns: runs },
  );
});

test('calls of tools that nobody knows, in the midst of text', () => {
  fc.assert(
    fc.property(answers, cuts, (text, cuts) => expectUntouched(`${text}\nThat is how.`, cuts, others)),
    { numRuns: runs },
  );
});

test('prose, code, JSON and openers of every family', () => {
  fc.assert(
    fc.property(prose, cuts, (text, cuts) => expectUntouched(`${text}.`, cuts, others)),
    { numRuns: runs },
  );
});
