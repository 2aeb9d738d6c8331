/** Answers with characters lost, doubled, moved or made up: whatever becomes of them, the events are in order. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTools } from '../../../src/toolcalls/tool-set.ts';
import { cuts } from '../../support/engine-events.ts';
import { damages } from './damage.ts';
import { allForms } from './forms.ts';
import { listen } from './listen.ts';
import { piecesOf } from './pieces.ts';
import { streamOf } from './stream.ts';
import { openers } from './text.ts';
import { pool } from './tools.ts';

const tools = createTools(pool);
const runs = process.env.WARMSLOT_SUITE === 'streams' ? 20_000 : 500;

type Edit = (text: string) => string;
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const length = fc.integer({ min: 1, max: 12 });
const madeUp = fc.constantFrom('"', "'", '\\', '{', '}', '[', ']', ',', ':', '<', '>', '\n', '/*', '//', ...openers);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, length).map(([place, length]): Edit => spliced(place, length, () => '')),
  fc.tuple(place, length).map(([place, length]): Edit => spliced(place, length, (part) => part + part)),
  fc
    .tuple(place, length)
    .map(([place, length]): Edit => spliced(place, length, (part) => [...part].reverse().join(''))),
  fc.tuple(place, madeUp).map(([place, piece]): Edit => spliced(place, 0, () => piece)),
);

function spliced(place: number, length: number, change: (part: string) => string): Edit {
  return (text) => {
    const characters = [...text];
    const at = Math.floor(place * characters.length);
    const part = characters.slice(at, at + length).join('');
    return characters.slice(0, at).join('') + change(part) + characters.slice(at + length).join('');
  };
}

const stream = fc
  .constantFrom(...allForms)
  .chain((form) =>
    fc.constantFrom(...damages.filter(({ hits }) => hits(form))).chain((damage) => streamOf(form, damage)),
  );

test('mutilated answers are read without a fault, and alike in any pieces', () => {
  fc.assert(
    fc.property(
      stream,
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      cuts,
      ({ text, engine, reason }, edits, cuts) => {
        const mutilated = edits.reduce((text, edit) => edit(text), text);
        const heard = listen([mutilated], tools, reason, engine);
        const pieces = piecesOf(mutilated, cuts);
        const inPieces = listen(pieces, tools, reason, engine);
        if (heard.faults.length > 0 || !isDeepStrictEqual(inPieces, heard)) {
          expect({ pieces, ...inPieces }).toEqual({ pieces, ...heard, faults: [] });
        }
      },
    ),
    { numRuns: runs },
  );
});
