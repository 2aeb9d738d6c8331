/** Calls that an engine's own parser tells, with the same damage to their arguments as in text. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/protocol/engine.ts';
import { createTools } from '../../../src/toolcalls/tool-set.ts';
import { cuts } from '../../support/engine-events.ts';
import { type Damage, damages } from './damage.ts';
import { compact, write } from './exact.ts';
import type { Form, Written } from './forms.ts';
import { breach } from './laws.ts';
import { listen } from './listen.ts';
import { piecesOf } from './pieces.ts';
import type { Stream } from './stream.ts';
import { type Call, callsOfPool, pool } from './tools.ts';

const tools = createTools(pool);
const runs = process.env.WARMSLOT_SUITE === 'streams' ? 1_000 : 30;

/** What of the markup there is: the arguments. */
const form: Form = {
  family: 'engine',
  form: 'arguments',
  manner: 'json',
  render: (calls) => calls.map(({ input, style }) => write(input, style)).join(''),
  end: '',
};

function toldCall(call: Call, damage: Damage, at: number): { stream: Stream; json: string } {
  const intact: Written = { name: call.tool.name, input: call.input, style: { ...compact, gap: ' ' } };
  const written = damage.write?.(call, intact) ?? intact;
  const whole = form.render([written]);
  const json = damage.cut?.(whole, form, at) ?? whole;
  const stream: Stream = {
    text: json,
    expected: [{ type: 'call', name: call.tool.name, input: call.input }],
    last: { call, written },
    damaged: written.name !== intact.name || json !== form.render([intact]),
    engine: [],
    reason: damage.fate === 'cut' ? 'max_tokens' : 'end_turn',
  };
  return { stream, json };
}

const eventsOf = (name: string, pieces: readonly string[], closed: boolean): readonly EngineEvent[] => [
  { type: 'toolCallStart', name },
  ...pieces.map((json): EngineEvent => ({ type: 'toolCallArguments', json })),
  ...(closed ? [{ type: 'toolCallEnd' } as const] : []),
];

test.each(
  damages.filter((damage) => damage.hits(form) && !damage.twice).map((damage) => [damage.name, damage] as const),
)('%s', (_, damage) => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(callsOfPool('json', damage.suits), place, cuts, (call, at, cuts) => {
      const { stream, json } = toldCall(call, damage, at);
      const { name } = stream.last.written;
      const told = (pieces: readonly string[]) =>
        listen([], tools, stream.reason, eventsOf(name, pieces, damage.fate !== 'cut'));
      const heard = told([json]);
      const why = breach(form, damage.fate, stream, heard);
      if (why !== undefined) expect({ why, json, heard: heard.items }).toEqual({ json, heard: stream.expected });
      const inPieces = told(piecesOf(json, cuts));
      if (!isDeepStrictEqual(inPieces, heard)) expect(inPieces).toEqual(heard);
    }),
    { numRuns: runs },
  );
});
