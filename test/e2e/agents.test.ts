/** A main agent and its subagents on one engine. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { expectNoComplaints, expectSuccess } from './claude.ts';
import { call, say, script, slowly } from './script.ts';

const names = ['ada', 'bea', 'cleo', 'dora'];

test.each([
  // It keeps system and tools only.
  { engine: 'simple', cached: 0.7 },
  { engine: 'batched', cached: 0.9 },
] as const)('check 18: four subagents at once on a $engine engine', async ({ cached, ...quirks }) => {
  const { gateway, engine } = await startGatewayOnFake({ quirks });
  const agents = names.map((name) =>
    call('Agent', {
      description: name,
      subagent_type: 'general-purpose',
      prompt: script([slowly(5), say(`This is ${name} and this is what was found`)]),
      run_in_background: false,
    }),
  );
  const prompt = script(agents, [say('All four are back.')]);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url });
  expectSuccess(run, 'All four are back.');
  expectNoComplaints(gateway);

  expect(gateway.messages().map(({ status }) => status)).toEqual(Array(6).fill(200));
  const subagents = gateway.messages().filter(({ headers }) => headers['x-claude-code-agent-id']);
  expect(subagents).toHaveLength(4);
  const last = gateway.messages().at(-1);
  for (const name of names) expect(JSON.stringify(last?.body.messages)).toContain(`This is ${name} and`);
  // What the four did meanwhile did not cost the main agent its prefix.
  const [first, back] = [engine.chats()[0], engine.chats().at(-1)];
  expect(Number(back?.cachedTokens)).toBeGreaterThanOrEqual(cached * Number(first?.promptTokens));
});
