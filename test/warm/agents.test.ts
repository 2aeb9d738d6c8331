/** Two people's Claude Code sessions, each with subagents, on an engine that keeps one prefix: what the order is worth. */
import { expect, onTestFinished, test } from 'vitest';
import { fullPolicy, type Policy } from '../../machines/policies/types.ts';
import { fifo } from '../../scripts/simulate/policies.ts';
import { expectSuccess, fileTools } from '../e2e/claude.ts';
import { bash, call, say, script } from '../e2e/script.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { type FakeEngine, startFakeVllmMlx } from '../support/fake-vllm-mlx.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { countersOf, inFrontOf, median, report, ttftOf } from './support.ts';

/** Prefill at 20,000 tokens a second, decode at 1,000. */
const engineTimes = { prefillMsPerKiloToken: 50, decodeMs: 1 };

test('two sessions of the CLI with two subagents each: less is read again than in order of arrival', async () => {
  const before = await run(fifo);
  const after = await run(fullPolicy);
  report('fake vllm-mlx that keeps one prefix: two sessions of the CLI, two subagents each', {
    requests: after.requests,
    'hits and misses, in order of arrival': `${before.hits} ${before.misses}`,
    'hits and misses, warmslot': `${after.hits} ${after.misses}`,
    'tokens read, in order of arrival': before.prefilled,
    'tokens read, warmslot': after.prefilled,
    'median time to the first token, in order of arrival, ms': before.medianMs,
    'median time to the first token, warmslot, ms': after.medianMs,
    'both done after, in order of arrival, ms': before.ms,
    'both done after, warmslot, ms': after.ms,
  });
  expect(after.requests).toBe(before.requests);
  expect(after.misses).toBeLessThan(before.misses);
  expect(after.prefilled).toBeLessThan(before.prefilled);
});

async function run(policy: Policy) {
  const engine = await startFakeVllmMlx({ prefixSlots: 1, ...engineTimes });
  onTestFinished(() => engine.close());
  const gateway = await startGateway(inFrontOf(engine), { policy });
  const startedAt = performance.now();
  await Promise.all([
    session(gateway, 'ana', [agents('ana'), tool, tool]),
    session(gateway, 'ben', [tool, tool, tool, agents('ben')]),
  ]);
  return { ...(await figuresOf(gateway, engine)), ms: performance.now() - startedAt };
}

const tool = [bash('echo main')];

/** Two at once, who call three tools each, one after the other. */
const agents = (name: string) =>
  ['one', 'two'].map((agent) =>
    call('Agent', {
      description: agent,
      subagent_type: 'general-purpose',
      prompt: script(...[1, 2, 3].map((n) => [bash(`echo ${name} ${agent} ${n}`)]), [say(`${agent} is done`)]),
      run_in_background: false,
    }),
  );

/** Everybody has a prefix of their own. */
async function session({ url }: TestGateway, name: string, steps: readonly (readonly string[])[]): Promise<void> {
  const done = `${name} is done`;
  const claude = await runClaude({
    prompt: script(...steps, [say(done)]),
    workspace: await makeWorkspace(),
    url,
    args: ['--append-system-prompt', `You work for ${name}.`, ...fileTools],
    deadlineMs: 80_000,
  });
  expectSuccess(claude, done);
}

async function figuresOf(gateway: TestGateway, engine: FakeEngine) {
  const chats = engine.chats();
  return {
    ...(await countersOf({ engine })),
    requests: chats.length,
    prefilled: chats.reduce((sum, chat) => sum + Number(chat.promptTokens) - Number(chat.cachedTokens), 0),
    medianMs: median(gateway.messages().map(ttftOf)),
  };
}
