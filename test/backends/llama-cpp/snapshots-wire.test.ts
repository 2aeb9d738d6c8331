/** What a client sees of snapshots: the four counts of `usage`, through a gateway and its restart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startApp } from '../../support/app.ts';
import { namesIn } from './snapshot-support.ts';
import { longText } from './support.ts';

const count = z.number();
const reply = z.object({
  usage: z.object({
    input_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    output_tokens: count,
  }),
});

test("a conversation's prefix is created once and then read, by other sessions and after a restart too", async () => {
  const root = await mkdtemp(join(tmpdir(), 'warmslot-wire-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const dir = join(root, 'snapshots');
  const start = () =>
    startApp({
      backends: { 'llama-cpp': { slots: 1, contextWindow: 4_096 } },
      cache: { responses: { max: 0 }, snapshots: { dir }, models: { dir: join(root, 'models') } },
    });
  const ask = async (url: string, seed: number, session: string) => {
    const body = {
      model: 'claude-test',
      max_tokens: 4,
      temperature: 0,
      system: `${seed} ${longText(1_500, seed)}`,
      messages: [{ role: 'user', content: 'Hello' }],
    };
    const headers = { 'content-type': 'application/json', 'x-claude-code-session-id': session };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { prefix: response.headers.get('x-warmslot-prefix'), ...reply.parse(await response.json()).usage };
  };

  const { url, close } = await start();
  const first = await ask(url, 1, 'ana');
  const created = first.cache_creation_input_tokens;
  expect(created).toBeGreaterThan(1_400);
  expect(first.prefix).toMatch(/^0\/\d+; a side request$/);
  expect(first).toMatchObject({ cache_read_input_tokens: 0, output_tokens: 4 });
  const total = first.input_tokens + created;

  const other = await ask(url, 2, 'ben');
  expect(other.cache_creation_input_tokens).toBeGreaterThan(1_400);
  const read = {
    input_tokens: total - created,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: created,
    // What was expected is an estimate by bytes.
    prefix: expect.stringMatching(
      /^1[45]\d\d\/15\d\d; a side request; the engine restores system text and tools from disk$/,
    ),
  };
  expect(await ask(url, 1, 'eva')).toMatchObject(read);
  await close();
  expect(await namesIn(dir, '.snapshot')).toHaveLength(2);

  const again = await start();
  onTestFinished(() => again.close());
  expect(await ask(again.url, 1, 'ida')).toMatchObject(read);
});
