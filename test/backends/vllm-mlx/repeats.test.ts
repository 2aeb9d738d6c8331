import { expect, test } from 'vitest';
import { type Driver, withBackend } from './driver.ts';

const system = `You are a coder. ${'Answer with care and keep it short. '.repeat(60)}`;
const batched = { quirks: { engine: 'batched' } } as const;
const user = (content: unknown) => ({ role: 'user', content });
const answered = { role: 'assistant', content: 'Yes.' };

/** Sends each conversation to its end, and gives what the engine had of each in its cache, as a share of the prompt. */
async function sharesOf({ fake, start }: Driver, ...conversations: readonly object[][]): Promise<number[]> {
  const before = fake.chats().length;
  for (const messages of conversations) await start({ system, messages }).over;
  const chats = fake.chats().slice(before);
  return chats.map(({ cachedTokens, promptTokens }) => Number(cachedTokens) / Number(promptTokens));
}

const textsOf = ({ fake }: Driver): unknown[] =>
  fake.chats().map(({ body }) => (body as { messages: { content: unknown }[] }).messages.at(-1)?.content);

test('a prompt the batched engine has answered ends another way each time it comes again', () =>
  withBackend(batched, async (driver) => {
    const messages = [user('SAY:Yes.')];
    const [first, ...later] = await sharesOf(driver, messages, messages, messages, messages, messages);
    expect(first).toBe(0);
    for (const share of later) expect(share).toBeGreaterThan(0.95);
    const texts = textsOf(driver);
    expect(texts[0]).toBe('SAY:Yes.');
    expect(new Set(texts).size).toBe(5);
    expect(texts.map((text) => String(text).trimEnd())).toEqual(Array(5).fill('SAY:Yes.'));
  }));

test('one gone back to as well; the turns behind it are found again', () =>
  withBackend(batched, async (driver) => {
    const one = [user('SAY:Yes.')];
    const two = [...one, answered, user('SAY:Yes.\nMore')];
    const three = [...two, answered, user('SAY:Yes.\nEven more')];
    const [, ...later] = await sharesOf(driver, one, two, three, two, one, three);
    for (const share of later) expect(share).toBeGreaterThan(0.95);
  }));

test('also where the last thing said is a result', () =>
  withBackend(batched, async (driver) => {
    const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'Read', input: {} }] };
    const messages = [user('x'), use, user([{ type: 'tool_result', tool_use_id: 't', content: 'ok' }])];
    const [, again] = await sharesOf(driver, messages, messages);
    expect(again).toBeGreaterThan(0.95);
    expect(textsOf(driver)).toEqual(['ok', 'ok\n']);
  }));

test('what the engine did not answer to the end it does not keep: nothing changes', () =>
  withBackend(batched, async (driver) => {
    const messages = [user('DELAY:20\nLONG:500')];
    const aborted = driver.start({ system, messages });
    await aborted.first('text');
    aborted.abort();
    await driver.fake.waitFor(() => driver.fake.running() === 0);
    driver.fake.quirks.status500 = true;
    await driver.start({ system, messages }).over;
    driver.fake.quirks.status500 = false;
    const again = driver.start({ system, messages });
    await again.first('text');
    again.abort();
    expect(new Set(textsOf(driver)).size).toBe(1);
  }));

test('SimpleEngine starts from the prefix whatever comes behind: nothing changes', () =>
  withBackend({}, async (driver) => {
    const messages = [user('SAY:Yes.')];
    const [, again] = await sharesOf(driver, messages, messages);
    expect(again).toBeGreaterThan(0.9);
    expect(textsOf(driver)).toEqual(['SAY:Yes.', 'SAY:Yes.']);
  }));

test('at temperature 0 the same prompt is to have the same answer: nothing changes', () =>
  withBackend(batched, async ({ fake, start }) => {
    for (let i = 0; i < 2; i++) await start({ system, messages: [user('SAY:Yes.')], temperature: 0 }).over;
    const [one, again] = fake.chats();
    expect(again?.body).toEqual(one?.body);
  }));
