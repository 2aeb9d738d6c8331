/** The words of the engine's refusals. */
import { describe, expect, test } from 'vitest';
import { chat, getJson, textOf } from '../../support/chat-client.ts';
import { busyFrame, type Handle, requestOf } from './handle.ts';

export function describeRefusals(engine: Handle): void {
  describe('refuses', () => {
    const user = [{ role: 'user', content: 'hello' }];

    test.each([
      ['broken JSON', '{', 422, [{ type: 'json_invalid' }]],
      ['a missing field', { model: 'local' }, 422, [{ type: 'missing', loc: ['body', 'messages'] }]],
      ['no tokens at all', requestOf(user, { max_tokens: 0 }), 422, [{ loc: ['body', 'max_tokens'] }]],
      ['a bare stop string', requestOf(user, { stop: 'x' }), 422, [{ loc: ['body', 'stop'] }]],
      ['too many tokens', requestOf(user, { max_tokens: 1_000_000 }), 400, 'max_tokens exceeds server limit (32768)'],
      ['another model', requestOf(user, { model: 'x' }), 404, 'The model `x` does not exist. Available model: `local`'],
    ])('%s', async (_, body, code, detail) => {
      const result = await chat(engine.url, body);
      expect(result.status).toBe(code);
      expect(JSON.parse(result.raw)).toMatchObject({ detail });
    });

    test('an unknown path', async () => {
      expect(await getJson(`${engine.url}/v1/nope`)).toEqual({ status: 404, body: { detail: 'Not Found' } });
    });
  });
}

/** @param engine one started with this key and a strict template */
export function describeKeyAndTemplate(engine: Handle, key: string): void {
  test('asks for the key everywhere but at /health', async () => {
    expect(textOf(await engine.ask('SAY:in'))).toBe('in');
    const body = requestOf([{ role: 'user', content: 'SAY:in' }]);
    const wrong = await chat(engine.url, body, { key: 'wrong' });
    expect([wrong.status, JSON.parse(wrong.raw)]).toEqual([401, { detail: 'Invalid API key' }]);
    const missing = await chat(engine.url, body);
    expect([missing.status, JSON.parse(missing.raw)]).toEqual([401, { detail: 'API key required' }]);
    expect((await getJson(`${engine.url}/v1/models`)).status).toBe(401);
    expect((await getJson(`${engine.url}/v1/models`, key)).status).toBe(200);
    expect((await getJson(`${engine.url}/health`)).status).toBe(200);
  });

  test('says the same as a busy engine when the template refuses a late system message', async () => {
    const late = [
      { role: 'user', content: 'one' },
      { role: 'system', content: 'two' },
      { role: 'user', content: 'SAY:three' },
    ];
    const streamed = await engine.talk(late);
    expect(streamed.records.slice(1)).toEqual([{ type: 'other', data: busyFrame }, { type: 'done' }]);
    const whole = await engine.talk(late, { stream: false });
    expect([whole.status, whole.raw]).toEqual([500, 'Internal Server Error']);
  });
}
