/** Generated answers of every family, in every form and with every damage, read in any pieces. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createTools } from '../../../src/toolcalls/tool-set.ts';
import { cuts } from '../../support/engine-events.ts';
import { type Damage, damages } from './damage.ts';
import { allForms, type Form } from './forms.ts';
import { breach } from './laws.ts';
import { listen, tidy } from './listen.ts';
import { piecesOf } from './pieces.ts';
import { streamOf } from './stream.ts';
import { pool } from './tools.ts';

/** `npm run test:streams` reads 100,000. */
const total = process.env.WARMSLOT_SUITE === 'streams' ? 100_000 : 5_000;
const pairs = allForms.flatMap((form) =>
  damages.filter((damage) => damage.hits(form)).map((damage) => ({ form, damage })),
);
const runs = Math.ceil(total / pairs.length);
const tools = createTools(pool);
const counts = new Map<string, number>();

function check(form: Form, damage: Damage): void {
  const key = `${form.family} ${damage.name}`;
  const property = fc.property(streamOf(form, damage), cuts, (stream, cuts) => {
    const { text, reason, engine } = stream;
    const heard = listen([text], tools, reason, engine);
    const why = breach(form, damage.fate, stream, heard);
    // In the shape in which a difference is read most easily.
    if (why !== undefined)
      expect({ why, text, heard: tidy(heard.items) }).toEqual({ text, heard: tidy(stream.expected) });
    const pieces = piecesOf(text, cuts);
    const inPieces = listen(pieces, tools, reason, engine);
    if (!isDeepStrictEqual(inPieces, heard)) expect({ pieces, ...inPieces }).toEqual({ pieces, ...heard });
    if (stream.damaged || damage.name === 'none') counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const { failed, seed, counterexamplePath, errorInstance } = fc.check(property, { numRuns: runs });
  if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance });
}

test.each(pairs.map(({ form, damage }) => [form.family, form.form, damage.name, form, damage] as const))(
  '%s, %s: %s',
  (_, __, ___, form, damage) => check(form, damage),
);

/** How many streams were read with each damage, and what had to become of them. */
afterAll(() => {
  const families = [...new Set(allForms.map(({ family }) => family))];
  const titles = damages.map(({ name, fate }) => `${name} (${fate})`);
  const width = Math.max(...titles.map((title) => title.length));
  const row = (title: string, cells: readonly (string | number)[]) =>
    [title.padEnd(width), ...cells.map((cell, at) => String(cell).padStart(families[at]?.length ?? 0))].join('  ');
  const rows = damages.map(({ name }, at) =>
    row(
      titles[at] ?? '',
      families.map((family) => counts.get(`${family} ${name}`) ?? '·'),
    ),
  );
  process.stdout.write(`\n${[row('', families), ...rows].join('\n')}\n`);
});
