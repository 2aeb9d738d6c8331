/** A conversation that outgrows the engine's context. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { expectSuccess } from './claude.ts';
import { say } from './script.ts';

test('check 21: the CLI compacts a conversation that no longer fits, and goes on', async () => {
  const { gateway, engine } = await startGatewayOnFake({ backend: { contextWindow: 26_000 } });
  const base = { workspace: await makeWorkspace(), url: gateway.url };
  const ballast = (n: number) => Array.from({ length: 2_000 }, (_, i) => `note ${n}.${i}`).join(' ');
  expectSuccess(await runClaude({ ...base, prompt: say('one') }), 'one');
  let compacted = false;
  for (let n = 0; n < 6 && !compacted; n++) {
    const run = await runClaude({ ...base, prompt: `${ballast(n)}\n${say(`answer ${n}`)}`, args: ['--continue'] });
    expectSuccess(run, `answer ${n}`);
    compacted = run.lines.some(({ subtype }) => subtype === 'compact_boundary');
  }
  expect(compacted).toBe(true);

  const refused = gateway.messages().filter(({ status }) => status === 400);
  // The turn itself is sent once; the request to summarise it can be too long as well, and is cut until it fits.
  const turns = refused.filter(({ text }) => text.length === Math.max(...refused.map((one) => one.text.length)));
  expect(turns).toHaveLength(1);
  for (const exchange of refused) {
    const [, asked, most] = /prompt is too long: (\d+) tokens > (\d+) maximum/.exec(replyText(exchange)) ?? [];
    expect(most).toBe('26000');
    expect(Number(asked)).toBeGreaterThan(26_000);
  }
  expect(engine.chats().every(({ promptTokens }) => Number(promptTokens) <= 26_000)).toBe(true);
});
