/** The one thing that cannot be scaled down: that the CLI's own timers of 300 s are not met. Takes six minutes. */
import { expect, test } from 'vitest';
import { hang, say, script } from '../e2e/script.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';

test('check 22: a prefill of 340 s is one request, and answered', { timeout: 600_000 }, async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const prompt = script([hang(340_000), say('at last')]);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url, deadlineMs: 500_000 });
  expect(run.result, run.stderr).toMatchObject({ subtype: 'success', is_error: false, result: 'at last' });
  expect(run.exitCode).toBe(0);
  expect(gateway.messages()).toHaveLength(1);
  expect(engine.chats()).toHaveLength(1);
  const [exchange] = gateway.messages();
  expect(Number(exchange?.headersAt) - Number(exchange?.startedAt)).toBeLessThan(300_000);
});
