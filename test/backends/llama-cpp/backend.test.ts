import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/backends/types.ts';
import { type Demo, eventOf, longText, promptOf, startDemo, textOf, userPrompt } from './support.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.stop());

const kinds = (events: readonly EngineEvent[]): string[] => [...new Set(events.map((event) => event.type))];

test('says what it is, and loudly that its answers are noise', () => {
  expect(demo.info).toMatchObject({
    model: 'demo-random-weights',
    loaded: true,
    demo: true,
    slots: 2,
    contextWindow: 4096,
    contextSource: 'config',
    toolCalls: 'auto',
    cache: { kind: 'slots', capacity: 2 },
    exactTokens: true,
  });
  expect(demo.notices.join()).toMatch(/weights are random.*noise.*hf:user\/repo/);
});

test('an answer is started, prefilled in chunks, decoded and ended, with true usage', async () => {
  const prompt = userPrompt(longText(600));
  const count = demo.backend.countTokens(prompt, demo.info);
  const run = await demo.answer(prompt, { maxTokens: 8 });
  expect(kinds(run.events)).toEqual(['started', 'prefill', 'text', 'usage', 'ended']);
  expect(run.events[0]).toEqual({ type: 'started', promptTokens: count, cachedTokens: 0 });
  const steps = run.events.flatMap((event) => (event.type === 'prefill' ? [event.done] : []));
  expect(steps).toEqual([256, 512, count]);
  expect(eventOf(run, 'usage')).toEqual({ type: 'usage', promptTokens: count, cachedTokens: 0, outputTokens: 8 });
  expect(run.events.at(-1)).toEqual({ type: 'ended', reason: 'max_tokens' });
  expect(textOf(run).length).toBeGreaterThan(20);
});

test('the next turn prefills only what is new', async () => {
  const first = [{ role: 'user', content: longText(600, 3) }];
  const turn1 = await demo.answer(promptOf({ messages: first }), { maxTokens: 400 });
  const { promptTokens = 0 } = eventOf(turn1, 'started');
  const messages = [...first, { role: 'assistant', content: textOf(turn1) }, { role: 'user', content: 'go on' }];
  const turn2 = await demo.answer(promptOf({ messages }), { maxTokens: 4 });
  const started = eventOf(turn2, 'started');
  expect(started.cachedTokens).toBeGreaterThanOrEqual(promptTokens);
  expect(started.cachedTokens).toBeLessThan(started.promptTokens ?? 0);
});

test('the same prompt again needs one token, and answers the same as without a cache', async () => {
  const prompt = userPrompt(longText(700, 5));
  const fresh = await demo.answer(prompt, { maxTokens: 48 });
  const again = await demo.answer(prompt, { maxTokens: 48 });
  expect(eventOf(again, 'started').cachedTokens).toBe((eventOf(again, 'started').promptTokens ?? 0) - 1);
  await demo.answer(userPrompt('something else'), { maxTokens: 1 });
  const longer = userPrompt(`${longText(700, 5)} and more`);
  const half = await demo.answer(longer, { maxTokens: 1 });
  const restored = await demo.answer(prompt, { maxTokens: 48 });
  expect(eventOf(half, 'started').cachedTokens).toBeLessThan(20);
  expect(eventOf(restored, 'started').cachedTokens).toBeGreaterThan(700);
  expect([textOf(again), textOf(restored)]).toEqual([textOf(fresh), textOf(fresh)]);
});

test('an abort in the prefill stops within a chunk, says nothing more and leaves what was prefilled', async () => {
  const prompt = userPrompt(longText(3000, 9));
  const run = demo.start(prompt, {
    onEvent: (event, generation) => {
      if (event.type === 'prefill') generation().abort();
    },
  });
  await expect.poll(() => run.events.length, { timeout: 10_000 }).toBe(2);
  await demo.backend.idle(0, AbortSignal.timeout(10_000));
  expect(run.events).toEqual([
    { type: 'started', promptTokens: expect.any(Number), cachedTokens: expect.any(Number) },
    { type: 'prefill', done: 256, total: expect.any(Number) },
  ]);
  const again = await demo.answer(prompt, { maxTokens: 1 });
  const kept = eventOf(again, 'started').cachedTokens ?? 0;
  expect(kept).toBeGreaterThanOrEqual(256);
  expect(kept).toBeLessThan(600);
});

test('an abort while decoding leaves the slot usable, also without waiting for it', async () => {
  const prompt = userPrompt('Tell me a story');
  const expected = await demo.answer(prompt, { maxTokens: 10 });
  const run = demo.start(prompt, {
    maxTokens: 2000,
    onEvent: (event, generation) => {
      if (event.type === 'text') generation().abort();
    },
  });
  run.generation.abort();
  const after = await demo.answer(prompt, { maxTokens: 10 });
  expect(textOf(after)).toBe(textOf(expected));
  expect(run.events.some((event) => event.type === 'ended')).toBe(false);
});

test('a paused generation stands still until it is resumed', async () => {
  const paused = Promise.withResolvers<void>();
  const run = demo.start(userPrompt('Tell me a long story', { temperature: 0 }), {
    maxTokens: 30,
    onEvent: (event, generation) => {
      if (event.type !== 'text' || run.events.filter(({ type }) => type === 'text').length !== 3) return;
      generation().pause();
      paused.resolve();
    },
  });
  await paused.promise;
  // The other slot's whole answer is the time in which nothing may come.
  await demo.answer(userPrompt('Another one'), { slot: 1, maxTokens: 20 });
  expect(run.events.filter(({ type }) => type === 'text')).toHaveLength(3);
  run.generation.resume();
  await run.finished;
  expect(run.events.at(-1)?.type).toBe('ended');
});

test('two slots run side by side: one decodes while the other prefills', async () => {
  const order: string[] = [];
  const long = demo.start(userPrompt(longText(3000, 21)), {
    slot: 0,
    maxTokens: 1,
    onEvent: (event) => order.push(`long ${event.type}`),
  });
  const short = demo.start(userPrompt('Hello'), {
    slot: 1,
    maxTokens: 6,
    onEvent: (event) => order.push(`short ${event.type}`),
  });
  await Promise.all([long.finished, short.finished]);
  expect(order.indexOf('short ended')).toBeLessThan(order.indexOf('long text'));
  expect(eventOf(short, 'started').cachedTokens).toBeLessThan(30);
});

test('a prompt that does not fit is refused and never shifted', async () => {
  const run = await demo.answer(userPrompt(longText(5000)));
  const { error } = eventOf(run, 'failed');
  expect(error.code).toBe('prompt_too_long');
  expect(error.message).toMatch(/^prompt is too long: \d+ tokens > 4095 maximum$/);
});

test('an answer ends where the context ends', async () => {
  const prompt = userPrompt(longText(4080));
  const count = demo.backend.countTokens(prompt, demo.info);
  const run = await demo.answer(prompt, { maxTokens: 1000 });
  expect(eventOf(run, 'ended').reason).toBe('max_tokens');
  expect((eventOf(run, 'usage').outputTokens ?? 0) + count).toBe(4096);
  const again = await demo.answer(prompt, { maxTokens: 1 });
  expect(eventOf(again, 'started').cachedTokens).toBe(count - 1);
});

test('structured output is JSON of the schema, whatever the model would say', async () => {
  const schema = {
    type: 'object',
    properties: {
      title: { type: 'string' },
      kind: { enum: ['a', 'b'] },
      tags: { type: 'array', items: { type: 'integer' }, maxItems: 3 },
    },
    required: ['title', 'kind'],
    additionalProperties: false,
  };
  const format = { output_config: { format: { type: 'json_schema', schema } } };
  const run = await demo.answer(userPrompt('A title, please', { ...format, temperature: 1 }), { maxTokens: 1500 });
  expect(eventOf(run, 'ended').reason).toBe('end_turn');
  expect(JSON.parse(textOf(run))).toMatchObject({ title: expect.any(String), kind: expect.stringMatching(/^[ab]$/) });
});

test('a demanded tool is called', async () => {
  const tools = [
    {
      name: 'Read',
      description: 'reads',
      input_schema: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
    },
    {
      name: 'Bash',
      description: 'runs',
      input_schema: { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] },
    },
  ];
  const prompt = userPrompt('Read it', { tools, tool_choice: { type: 'tool', name: 'Read' } });
  const run = await demo.answer(prompt, { maxTokens: 1500 });
  const call = /^<tool_call>\n(.*)\n<\/tool_call>$/s.exec(textOf(run))?.[1] ?? '';
  expect(JSON.parse(call)).toEqual({ name: 'Read', arguments: { file_path: expect.any(String) } });
});

test('images and documents are refused with a reason, also inside a tool result', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const inside = [
    { role: 'user', content: 'look' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'Read', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: [image] }] },
  ];
  const error = demo.backend.refuses(promptOf({ messages: inside }), demo.info);
  expect(error?.code).toBe('unsupported_content');
  expect(error?.message).toContain('cannot see images');
  expect(demo.backend.refuses(userPrompt('just text'), demo.info)).toBeUndefined();
});

test('idle gives up when its signal does', async () => {
  const run = demo.start(userPrompt('Tell me a story'), { maxTokens: 2000 });
  run.generation.pause();
  await expect(demo.backend.idle(0, AbortSignal.timeout(20))).rejects.toThrow();
  run.generation.abort();
  await demo.backend.idle(0, AbortSignal.timeout(10_000));
});
