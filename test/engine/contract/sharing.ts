/** Two requests for one engine, and clients that leave. */
import { describe, expect, test } from 'vitest';
import { finishOf, textOf } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import { busyFrame, type Handle, longSystem } from './handle.ts';

export function describeSharing(engine: Handle): void {
  describe('with two requests', () => {
    const slow = 'DELAY:30\nLONG:300';

    if (engine.mode === 'simple')
      test('turns the second away: inside a 200, or with a 503', async () => {
        const first = await engine.begin(slow);
        const streamed = await engine.ask('SAY:second');
        expect(streamed.status).toBe(200);
        expect(streamed.records.map((record) => record.type)).toEqual(['chunk', 'other', 'done']);
        expect(streamed.records[1]).toEqual({ type: 'other', data: busyFrame });
        const whole = await engine.ask('SAY:second', { stream: false });
        expect(whole.status).toBe(503);
        expect(whole.headers.get('retry-after')).toBeNull();
        expect(JSON.parse(whole.raw)).toEqual({
          detail: { error: 'text_generation_busy', message: expect.stringContaining('busy') },
        });
        first.abort();
        await first.done;
        await engine.idle();
      });

    if (engine.mode === 'simple-wait')
      test('lets the second wait, its role chunk already sent', async () => {
        const first = await engine.begin(slow);
        const role = Promise.withResolvers<void>();
        const second = engine.ask('SAY:second', {}, { onRecord: () => role.resolve() });
        await role.promise;
        await eventually(async () => (await engine.status()).num_waiting === 1);
        expect((await engine.status()).num_running).toBe(2);
        first.abort();
        expect(textOf(await second)).toBe('second');
        await first.done;
        await engine.idle();
      });

    if (engine.mode === 'batched')
      test('runs both', async () => {
        const first = await engine.begin(slow);
        expect(textOf(await engine.ask('SAY:second'))).toBe('second');
        expect((await engine.status()).num_running).toBe(1);
        first.abort();
        await first.done;
        await engine.idle();
      });

    test('is free again once a client leaves during decode', async () => {
      const first = await engine.begin('DELAY:30\nLONG:3000', { max_tokens: 4000 });
      first.abort();
      expect((await first.done).error).toBeInstanceOf(Error);
      await engine.idle();
      expect(textOf(await engine.ask('SAY:next'))).toBe('next');
    });

    if (engine.mode === 'simple')
      test('is not free while it prefills for a client that left, and keeps the prefix', async () => {
        const system = longSystem('Prefilled');
        const controller = new AbortController();
        const role = Promise.withResolvers<void>();
        const left = engine.talk(
          [system, { role: 'user', content: 'HANG:800\nSAY:never' }],
          {},
          { signal: controller.signal, onRecord: () => role.resolve() },
        );
        await role.promise;
        await eventually(async () => (await engine.status()).num_running === 1);
        controller.abort();
        await left;
        expect((await engine.ask('SAY:too early')).records[1]).toEqual({ type: 'other', data: busyFrame });
        await eventually(async () => finishOf(await engine.ask('SAY:now')) === 'stop');
        const { hits } = await engine.counters();
        await engine.talk([system, { role: 'user', content: 'SAY:again' }]);
        expect(await engine.counters()).toMatchObject({ hits: hits + 1 });
      });
  });
}
