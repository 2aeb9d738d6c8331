/** The real CLI's tool loop, with the system messages it puts between the turns, on the real vllm-mlx. */
import { expect, test } from 'vitest';
import { expectSuccess, fileTools } from '../e2e/claude.ts';
import { promptTokens, readStream } from '../e2e/client.ts';
import { bash, say, script } from '../e2e/script.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { replyText } from '../support/tap.ts';
import { countersOf, report, startGatewayOnReal, ttftOf } from './support.ts';

const rounds = 10;

test.each([
  // It keeps system and tools alone, and reads the conversation again each time.
  { mode: 'simple', kept: 0.7 },
  { mode: 'batched', kept: 0.95 },
] as const)(
  'ten rounds with late system messages, $mode: nothing after the first is read in full',
  async ({ mode, kept }) => {
    const real = await startGatewayOnReal(mode, 'tiny');
    const { gateway } = real;
    const steps = Array.from({ length: rounds - 1 }, (_, n) => [say(`Step ${n}.`), bash(`echo ${n}`)]);
    const workspace = await makeWorkspace();
    const prompt = script(...steps, [say('The end.')]);
    const run = await runClaude({ prompt, workspace, url: gateway.url, args: fileTools, deadlineMs: 120_000 });
    expectSuccess(run, 'The end.');

    const exchanges = gateway.messages();
    expect(exchanges).toHaveLength(rounds);
    expect(exchanges.every(({ text }) => text.includes('"role":"system"'))).toBe(true);
    // A request the engine leads around its cache moves neither of them.
    expect(await countersOf(real)).toEqual({ hits: rounds - 1, misses: 1 });
    const usages = exchanges.map((exchange) => readStream(replyText(exchange)).usage);
    for (const [index, usage] of usages.slice(1).entries()) {
      expect(Number(usage?.cache_read_input_tokens)).toBeGreaterThanOrEqual(kept * promptTokens(usages[index]));
    }
    const last = usages.at(-1);
    report(`vllm-mlx, ${mode}: ${rounds} rounds of the CLI`, {
      'tokens of the first prompt': promptTokens(usages[0]),
      'tokens of the last prompt': promptTokens(last),
      'read of it': promptTokens(last) - Number(last?.cache_read_input_tokens),
      'first token of the rounds, ms': exchanges.map((exchange) => ttftOf(exchange).toFixed(0)).join(' '),
    });
  },
);
