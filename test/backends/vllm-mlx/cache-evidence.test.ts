import { expect, test } from 'vitest';
import { usageBy } from '../../support/recording-sink.ts';
import { type Driver, forever, withBackend } from './driver.ts';

const system = `You are a coder. ${'Answer with care and keep it short. '.repeat(60)}`;
const endless = [{ role: 'user', content: 'DELAY:10\nLONG:5000' }];

/** What is said of the cache while the answer still runs; the answer is aborted then. */
async function cachedOf({ backend, start }: Driver, body: object = {}): Promise<number | undefined> {
  const running = start({ system, messages: endless, max_tokens: 8_000, ...body });
  const { cachedTokens } = await running.first('usage');
  running.abort();
  await backend.idle(0, forever);
  return cachedTokens;
}

test("SimpleEngine: a miss is 0, a hit is the prefix's share of the prompt, a new prefix is a miss again", () =>
  withBackend({}, async (driver) => {
    expect(await cachedOf(driver)).toBe(0);
    const { promptTokens } = usageBy(await driver.say('SAY:x', { system }));
    const cached = await cachedOf(driver);
    expect(cached).toBeGreaterThan(Number(promptTokens) * 0.8);
    expect(cached).toBeLessThan(Number(promptTokens) * 1.1);
    expect(await cachedOf(driver, { system: `Another one. ${system}` })).toBe(0);
  }));

test('a short answer does not spoil what is concluded of the next one', () =>
  withBackend({}, async (driver) => {
    const looks = () => driver.fake.requests.filter(({ path }) => path === '/v1/cache/stats');
    await driver.say('SAY:x', { system });
    await driver.fake.waitFor(() => looks().at(-1)?.closedAt !== undefined && looks().length === 2);
    expect(await cachedOf(driver)).toBeGreaterThan(0);
  }));

test('nothing is concluded from counters that others moved, and the next request is judged again', () =>
  withBackend({}, async (driver) => {
    const aborted = driver.start({ system, messages: [{ role: 'user', content: 'HANG:100\nSAY:x' }] });
    await driver.fake.waitFor(() => driver.fake.running() === 1);
    aborted.abort();
    await driver.backend.idle(0, forever);
    const unjudged = await driver.say('DELAY:10\nLONG:8', { system });
    expect(usageBy(unjudged)).not.toHaveProperty('cachedTokens');
    expect(await cachedOf(driver)).toBeGreaterThan(0);
  }));

test('continuous batching: what the engine says of the running request', () =>
  withBackend({ quirks: { engine: 'batched' } }, async (driver) => {
    expect(await cachedOf(driver)).toBe(0);
    await driver.say('SAY:x', { system });
    const cached = await cachedOf(driver);
    expect(cached).toBe(driver.fake.chats().at(-1)?.cachedTokens);
    expect(cached).toBeGreaterThan(100);
  }));

test('the engine is asked only after the first content, once a request', () =>
  withBackend({}, async (driver) => {
    const before = driver.fake.requests.length;
    const running = driver.start({ system, messages: endless, max_tokens: 8_000 });
    await running.first('usage');
    running.abort();
    const asked = driver.fake.requests.slice(before).map(({ path }) => path);
    expect(asked).toEqual(['/v1/chat/completions', '/v1/cache/stats']);
  }));

test('SimpleEngine: counters that began anew say what they say', () =>
  withBackend({}, async (driver) => {
    expect(await cachedOf(driver)).toBe(0);
    expect(await cachedOf(driver)).toBeGreaterThan(0);
    await fetch(`${driver.fake.url}/v1/cache`, { method: 'DELETE' });
    expect(await cachedOf(driver)).toBe(0);
    expect(await cachedOf(driver)).toBeGreaterThan(0);
  }));
