/** What holds of any answer, however it comes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../src/protocol/anthropic/events.ts';
import type { EndReason, EngineEvent } from '../../src/protocol/engine.ts';
import { errorEnvelope, GatewayError } from '../../src/protocol/errors.ts';
import { errorFrame } from '../../src/reply/frames.ts';
import { stopAt } from '../../src/reply/stop-sequences.ts';
import { readToolCalls } from '../../src/toolcalls/read-tool-calls.ts';
import { createTools } from '../../src/toolcalls/tool-set.ts';
import { cutAt, cuts } from '../support/engine-events.ts';
import { lintSse } from '../support/sse-lint.ts';
import {
  callEnd,
  ended,
  failed,
  folded,
  invalid,
  json,
  name,
  run,
  type Step,
  synthesizer,
  text,
  think,
} from './synthesizer-harness.ts';

const piece = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '"', '😀', '\ud83d', '\ude00', '\u2028'),
  maxLength: 8,
});
const input = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(piece, fc.integer()), { maxKeys: 3 });
const callEvents = fc
  .tuple(fc.constantFrom('Read', 'Bash'), input, cuts)
  .map(([tool, input, cuts]): EngineEvent[] => [name(tool), ...cutAt(JSON.stringify(input), cuts).map(json), callEnd]);
const segment: fc.Arbitrary<EngineEvent[]> = fc.oneof(
  fc.array(piece.map(text), { maxLength: 4 }),
  fc.array(piece.map(think), { maxLength: 4 }),
  fc
    .tuple(piece, fc.stringMatching(/^[\w-]{0,9}$/))
    .map(([text, signature]): EngineEvent[] => [{ type: 'thinking', text, signature }]),
  callEvents,
  fc.constant<EngineEvent[]>([name('Bash'), callEnd]),
  piece.map((written): EngineEvent[] => [invalid('Bash', written)]),
  fc
    .record({ type: fc.constant('usage' as const), promptTokens: fc.nat(), cachedTokens: fc.nat() })
    .map((usage): EngineEvent[] => [usage]),
  fc.constant<EngineEvent[]>([{ type: 'prefill', done: 1, total: 2 }]),
);
const reasons = fc.constantFrom<EndReason[]>('end_turn', 'tool_use', 'max_tokens', 'refusal');
const answer = fc
  .tuple(fc.array(segment, { maxLength: 8 }), reasons)
  .chain(([parts, reason]) =>
    fc.constantFrom<EngineEvent[]>([], [name('Bash'), json('{"a"')]).map((cut) => ({ parts, reason, cut })),
  )
  .map(({ parts, reason, cut }) => [...parts.flat(), ...(reason === 'max_tokens' ? cut : []), ended(reason)]);
const between = fc.infiniteStream(
  fc.constantFrom<Step | undefined>('flush', 'keepAlive', 'start', undefined, undefined),
);
const thinking = fc.constantFrom('default' as const, 'enabled' as const, 'disabled' as const);

const comparable = (events: readonly StreamEvent[]) => {
  const { id: _, content, ...message } = folded(events);
  return { ...message, content: content.map((block) => (block.type === 'tool_use' ? { ...block, id: '' } : block)) };
};

test('any legal answer, flushed and kept alive anywhere, is a clean stream and folds to the same message', () => {
  fc.assert(
    fc.property(answer, between, thinking, (answer, between, thinking) => {
      const steps = answer.flatMap((event): Step[] => {
        const step = between.next().value;
        return step ? [event, step] : [event];
      });
      const made = run(steps, thinking);
      expect(lintSse(Buffer.from(made.bytes())).problems).toEqual([]);
      expect(comparable(made.events)).toEqual(comparable(run(answer, thinking).events));
    }),
    { numRuns: 300 },
  );
});

test('an answer that breaks anywhere never looks whole', () => {
  fc.assert(
    fc.property(answer, fc.nat(), (answer, at) => {
      const made = run([...answer.slice(0, at % answer.length), failed, 'flush']);
      expect(() => folded(made.events)).toThrow('not complete');
      const error = errorFrame(errorEnvelope(new GatewayError('engine_failed', 'x'), 'req_1'));
      expect(lintSse(made.bytes() + error).problems).toEqual([]);
    }),
  );
});

test('the whole path gives the same message however the text is cut', () => {
  const call = fc
    .tuple(fc.constantFrom('Read', 'Fly'), input)
    .map(([name, args]) => `<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`);
  const written = fc
    .array(fc.oneof(call, piece, fc.constantFrom('<think>', '</think>', 'END', 'E', '<tool_call>')), { maxLength: 8 })
    .map((parts) => parts.join(''));
  const say = (pieces: readonly string[], flush: boolean) => {
    const made = synthesizer();
    const stops = stopAt(made.synthesizer, ['END', 'a"a'], () => {});
    const path = readToolCalls(stops, {
      tools: createTools([{ name: 'Read', inputSchema: undefined }]),
      grammar: 'auto',
    });
    for (const piece of pieces) {
      path.push(text(piece));
      if (flush) path.flush();
    }
    path.push(ended());
    path.flush();
    expect(lintSse(made.bytes()).problems).toEqual([]);
    return comparable(made.events);
  };
  fc.assert(
    fc.property(written, cuts, fc.boolean(), (written, cuts, flush) => {
      expect(say(cutAt(written, cuts), flush)).toEqual(say([written], false));
    }),
    { numRuns: 300 },
  );
});
