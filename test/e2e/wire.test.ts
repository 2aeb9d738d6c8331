/** Many varied answers, looked at byte by byte. Every stream is held to the event grammar besides (test/support/gateway.ts). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReplySegment } from '../support/fake-vllm-mlx.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { ask, promptTokens, stream } from './client.ts';
import { call, say, script, words } from './script.ts';

const tools = ['Read', 'Bash', 'Search'].map((name) => ({
  name,
  description: `Runs ${name}.`,
  input_schema: { type: 'object', properties: {} },
}));

/** Text that is hard on whoever cuts streams: line separators, astral characters, markup that is none. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'a\u2028b\u2029c\u0085d',
    '👩‍👩‍👧 🇺🇳',
    '<tool_cal',
    '</think',
    '{"a":',
    'data: x\n\nevent: y',
    '"',
    '\\',
  ),
);
const line = awkward.map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed());
const input = fc.dictionary(
  fc.stringMatching(/^[a-z_]{1,12}$/),
  fc.oneof(line, fc.integer(), fc.boolean(), fc.constant(null), fc.array(line, { maxLength: 3 })),
  { maxKeys: 5 },
);
const toolCall = fc.record({ name: fc.constantFrom('Read', 'Bash', 'Search'), input });

const toSegment = (call: { name: string; input: object }): ReplySegment => ({
  type: 'tool',
  name: call.name,
  arguments: JSON.stringify(call.input),
  form: 'hermes',
});

test('check 4: a hundred varied streams keep the event grammar', async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { splitBytes: 5 } });
  const answers = fc.sample(
    fc.record({
      thought: fc.option(line, { nil: undefined }),
      text: fc.option(line, { nil: undefined }),
      calls: fc.array(toolCall, { maxLength: 3 }),
    }),
    { numRuns: 100, seed: 4 },
  );
  for (const [n, { thought, text, calls }] of answers.entries()) {
    const segments: ReplySegment[] = [
      ...(thought === undefined ? [] : [{ type: 'thinking', text: thought } as const]),
      ...(text === undefined ? [] : [{ type: 'text', text } as const]),
      ...calls.map(toSegment),
    ];
    engine.script = () => ({ segments });
    const reply = await stream(gateway.url, ask(`question ${n}`, { tools }));
    expect(reply.problems).toEqual([]);
    expect(reply.events.at(-1)?.type).toBe('message_stop');
    expect(reply.events.flatMap(({ type, index }) => (type === 'content_block_start' ? [index] : []))).toEqual(
      reply.events.flatMap(({ type }) => (type === 'content_block_start' ? [type] : [])).map((_, index) => index),
    );
  }
});

test.each(['auto', 'engine'] as const)(
  'check 8: five hundred generated calls arrive whole (read by: %s)',
  async (toolGrammar) => {
    const { gateway, engine } = await startGatewayOnFake({ backend: { toolGrammar }, quirks: { splitBytes: 11 } });
    const batches = fc.sample(fc.array(toolCall, { minLength: 10, maxLength: 10 }), { numRuns: 50, seed: 8 });
    for (const [n, calls] of batches.entries()) {
      engine.script = () => ({ segments: calls.map(toSegment) });
      const { calls: arrived, events, stopReason } = await stream(gateway.url, ask(`question ${n}`, { tools }));
      expect(arrived.map(({ name, json }) => ({ name, input: JSON.parse(json) as unknown }))).toEqual(calls);
      expect(stopReason).toBe('tool_use');
      const starts = events.flatMap(({ content_block: block }) => (block?.type === 'tool_use' ? [block.input] : []));
      expect(starts).toEqual(calls.map(() => ({})));
    }
    engine.script = undefined;
    const without = await stream(gateway.url, ask(say('no call at all'), { tools }));
    expect(without.stopReason).toBe('end_turn');
  },
);

test('check 9: ten thousand tool ids, none twice', async () => {
  const { gateway } = await startGatewayOnFake();
  const ids = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const calls = Array.from({ length: 200 }, (_, i) => call('Read', { file_path: `/${n}/${i}` }));
    const session = { 'x-claude-code-session-id': `session-${n % 5}` };
    const reply = await stream(gateway.url, ask(script(calls), { tools, max_tokens: 32_000 }), session);
    for (const { id } of reply.calls) ids.add(id);
  }
  expect(ids.size).toBe(10_000);
});

test('check 12: stop reasons are those of the API, and each for its cause', async () => {
  const { gateway } = await startGatewayOnFake();
  const reasons = await Promise.all(
    [
      ask(say('all of it')),
      ask(words(500), { max_tokens: 20 }),
      ask(say('before STOP after'), { stop_sequences: ['STOP'] }),
      ask(call('Read', { file_path: '/a' }), { tools }),
    ].map(async (body) => (await stream(gateway.url, body)).stopReason),
  );
  expect(reasons).toEqual(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']);
});

test('check 21: a max_tokens too big for what is left of the context is clamped', async () => {
  const { gateway, engine } = await startGatewayOnFake({ backend: { contextWindow: 2_000 } });
  const reply = await stream(gateway.url, ask(say('short'), { max_tokens: 32_000, system: 'word '.repeat(1_000) }));
  expect(reply.text).toBe('short');
  const asked = Number(engine.chats()[0]?.body.max_tokens);
  expect(asked + promptTokens(reply.usage)).toBeLessThanOrEqual(2_100);
  expect(asked).toBeGreaterThan(100);
});
