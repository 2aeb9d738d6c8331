/** What the engine keeps of earlier prompts, and how it shows. */
import { describe, expect, test } from 'vitest';
import { type ChatResult, textOf, usageOf } from '../../support/chat-client.ts';
import { type Handle, longSystem, readTool } from './handle.ts';

export function describePrefixes(engine: Handle): void {
  describe('remembers prefixes', () => {
    const conversation = (name: string, ...users: string[]): object[] => [
      longSystem(name),
      ...users.flatMap((user, i) => [
        ...(i > 0 ? [{ role: 'assistant', content: 'OK.' }] : []),
        { role: 'user', content: user },
      ]),
    ];

    test('and gives the same prompt back from them', async () => {
      const seen = (): Promise<ChatResult> => engine.talk(conversation('Cleo', 'SEEN'), { tools: [readTool] });
      expect(textOf(await seen())).toBe(textOf(await seen()));
    });

    if (engine.simple) {
      test('of system and tools, and counts it', async () => {
        const { hits, misses, stores } = await engine.counters();
        await engine.talk(conversation('Ana', 'one'));
        expect(await engine.counters()).toMatchObject({ hits, misses: misses + 1, stores: stores + 1 });
        await engine.talk(conversation('Ana', 'one', 'two'), { max_tokens: 1 });
        expect(await engine.counters()).toMatchObject({ hits: hits + 1, misses: misses + 1 });
      });

      test('one for each order of the tools, in normal and in raw mode alike', async () => {
        const other = { ...readTool, function: { ...readTool.function, name: 'Write' } };
        await engine.talk(conversation('Dora', 'one'), { tools: [readTool, other] });
        const { hits, misses } = await engine.counters();
        const raw = { chat_template_kwargs: { tools: [readTool, other] } };
        await engine.talk(conversation('Dora', 'two'), raw);
        expect(await engine.counters()).toMatchObject({ hits: hits + 1, misses });
        await engine.talk(conversation('Dora', 'three'), { tools: [other, readTool] });
        expect(await engine.counters()).toMatchObject({ hits: hits + 1, misses: misses + 1 });
      });

      test('the last four of them', async () => {
        const names = ['E', 'F', 'G', 'H', 'I'];
        for (const name of names) await engine.talk(conversation(name, 'one'));
        const { hits, misses } = await engine.counters();
        for (const name of names.slice(1)) await engine.talk(conversation(name, 'one'));
        expect(await engine.counters()).toMatchObject({ hits: hits + 4, misses });
        await engine.talk(conversation('E', 'one'));
        expect(await engine.counters()).toMatchObject({ hits: hits + 4, misses: misses + 1 });
      });

      test('but neither looks nor counts with a late system message, top_k or stop, or without a stream', async () => {
        await engine.talk(conversation('Bo', 'one'));
        const before = await engine.counters();
        const late = [...conversation('Bo', 'one'), { role: 'assistant', content: 'OK.' }];
        await engine.talk([...late, { role: 'system', content: 'Today is Monday.' }, { role: 'user', content: 'two' }]);
        await engine.talk(conversation('Bo', 'one'), { top_k: 5 });
        await engine.talk(conversation('Bo', 'one'), { stop: ['zzz'] });
        await engine.talk(conversation('Bo', 'one'), { stream: false });
        expect(await engine.counters()).toEqual(before);
      });
    } else {
      test('of whole conversations, and tells while it runs', async () => {
        const first = await engine.talk(conversation('Ana', 'one'));
        const second = await engine.begin(conversation('Ana', 'one', 'DELAY:40\nLONG:200'));
        const [running] = (await engine.status()).requests;
        expect(running?.cached_tokens).toBeGreaterThan((usageOf(first)?.prompt_tokens ?? 0) / 2);
        expect(running?.cache_hit_type).toMatch(/^(prefix|lcp)$/);
        second.abort();
        await second.done;
        await engine.idle();
      });

      test('and throws them away for a prompt it has seen in whole, though it counts a hit', async () => {
        const hits = async (): Promise<unknown> => (await engine.status()).cache?.hits;
        await engine.talk(conversation('Bo', 'DELAY:15\nLONG:12'));
        const before = Number(await hits());
        const again = await engine.begin(conversation('Bo', 'DELAY:15\nLONG:12'));
        expect((await engine.status()).requests[0]?.cached_tokens).toBe(0);
        again.abort();
        await again.done;
        await engine.idle();
        expect(await hits()).toBe(before + 1);
      });
    }
  });
}
