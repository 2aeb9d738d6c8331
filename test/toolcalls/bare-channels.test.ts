import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { readBareChannels } from '../../src/toolcalls/bare-channels.ts';
import { cutAt, cuts, joined, recorder } from '../support/engine-events.ts';

function read(pieces: readonly string[], last: EngineEvent = { type: 'ended', reason: 'end_turn' }): EngineEvent[] {
  const sink = recorder();
  const stage = readBareChannels(sink);
  for (const text of pieces) stage.push({ type: 'text', text });
  stage.push(last);
  return joined(sink.events).slice(0, -1);
}

const text = (text: string): EngineEvent => ({ type: 'text', text });
const thinking = (text: string): EngineEvent => ({ type: 'thinking', text });

test.each<[string, EngineEvent[]]>([
  ['analysisHm.assistantfinalYes.', [thinking('Hm.'), text('Yes.')]],
  ['analysiswe need it', [thinking('we need it')]],
  ['finalYes.', [text('Yes.')]],
  ['commentary to=functions.Read json{}', [text('to=functions.Read json{}')]],
  [
    'analysisHm.assistantcommentaryI look.assistantanalysisSo.assistantcommentary to=functions.Read json{}',
    [thinking('Hm.'), text('I look.'), thinking('So.'), text(' to=functions.Read json{}')],
  ],
  ['analysis of the code', [text('analysis of the code')]],
  ['finally assistantfinal', [text('finally assistantfinal')]],
  ['I said analysisHm.assistantfinal', [text('I said analysisHm.assistantfinal')]],
  ['analy', [text('analy')]],
  ['analysisHm. The assistant', [thinking('Hm. The assistant')]],
])('reads %s', (written, expected) => {
  expect(read([written])).toEqual(expected);
  expect(read(written.split(''))).toEqual(expected);
});

test('half a name before a call that the engine has read is none', () => {
  const call: EngineEvent = { type: 'toolCallStart', name: 'Read', from: 'engine' };
  expect(read(['analysisHm.', 'assistantcomment'], call)).toEqual([thinking('Hm.')]);
  expect(read(['final'], call)).toEqual([text('final')]);
});

test('any cutting gives the same events', () => {
  const part = fc.constantFrom(
    'analysis',
    'final',
    'assistant',
    'commentary',
    ' to=',
    'Hm. ',
    'assistantfinal',
    'x',
    '{}',
  );
  const written = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(written, cuts, (written, cuts) => {
      expect(read(cutAt(written, cuts))).toEqual(written === '' ? [] : read([written]));
    }),
  );
});
