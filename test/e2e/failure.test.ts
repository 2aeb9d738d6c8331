/** Clients that leave and engines that die: no slot stays taken, and half an answer is never sold as a whole one. */
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude, startClaude } from '../support/claude-cli.ts';
import type { Quirks } from '../support/fake-vllm-mlx.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { expectSuccess } from './claude.ts';
import { ask, stream } from './client.ts';
import { call, hang, say, script, slowly, think, words } from './script.ts';

/** Looks at the engine again at once after it died. */
const watchful = { healthInterval: 100 };

const words60 = Array.from({ length: 60 }, (_, n) => `word${n}`).join(' ');

test('check 25: SIGINT while the answer streams frees the slot within a second', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const claude = startClaude({ prompt: script([slowly(30), words(2_000)]), workspace, url: gateway.url });
  await gateway.waitFor(() => gateway.messages().some((exchange) => replyText(exchange).includes('text_delta')));
  const pressedAt = performance.now();
  claude.signal('SIGINT');
  await engine.waitFor(() => engine.running() === 0);
  expect(performance.now() - pressedAt).toBeLessThan(1_000);
  await claude.done;
  expectSuccess(await runClaude({ prompt: say('next'), workspace, url: gateway.url }), 'next');
  expect(gateway.finished().map(({ outcome }) => outcome)).toEqual(['cancelled', 'done']);
});

test('check 25: SIGINT in a prefill: the engine is left at once, and used again once it is free', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  // SimpleEngine prefills on for a client that is gone, and refuses others meanwhile.
  const claude = startClaude({ prompt: script([hang(3_000), say('never')]), workspace, url: gateway.url });
  await engine.waitFor(() => engine.running() === 1);
  const pressedAt = performance.now();
  claude.signal('SIGINT');
  await engine.waitFor(() => engine.chats()[0]?.aborted === true);
  expect(performance.now() - pressedAt).toBeLessThan(1_000);
  await claude.done;
  expectSuccess(await runClaude({ prompt: say('next'), workspace, url: gateway.url }), 'next');
  expect(gateway.finished().map(({ outcome }) => outcome)).toEqual(['cancelled', 'done']);
  expect(engine.chats()).toHaveLength(2);
});

test('check 25a: the engine dies before a block is finished: the answer is asked for again, whole', async () => {
  const { gateway, engine } = await startGatewayOnFake({ timing: watchful });
  const prompt = script([slowly(5), words(400)]);
  const running = runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url });
  await gateway.waitFor(() => gateway.messages().some((exchange) => replyText(exchange).includes('text_delta')));
  await engine.kill();
  // Over, whoever closed first: the CLI leaves as soon as it has read the error.
  await gateway.waitFor(() => gateway.messages()[0]?.outcome !== 'running');
  await engine.restart();
  const run = await running;
  const [first, ...again] = gateway.messages();
  expect(replyText(first ?? { pieces: [] })).toContain('event: error');
  expect(again.at(-1)).toMatchObject({ status: 200 });
  expectSuccess(run, Array.from({ length: 400 }, (_, n) => `w${n}`).join(' '));
});

test.each([
  [
    'text',
    [
      { type: 'text', text: 'First I look.' },
      { type: 'thinking', text: words60 },
    ],
  ],
  [
    'thinking',
    [
      { type: 'thinking', text: 'Hm.' },
      { type: 'text', text: words60 },
    ],
  ],
] as const)(
  'check 25b: the engine dies after a finished %s block: the turn fails and says why',
  async (_, segments) => {
    const { gateway, engine } = await startGatewayOnFake({ quirks: { reasoningParser: true }, timing: watchful });
    engine.script = () => ({ segments, delayMs: 10 });
    const env = { CLAUDE_CODE_MAX_RETRIES: '1' };
    const running = runClaude({ prompt: 'Go on.', workspace: await makeWorkspace(), url: gateway.url, env });
    await gateway.waitFor(() => /"index":1,"delta"/.test(replyText(gateway.messages()[0] ?? { pieces: [] })));
    await engine.kill();
    const run = await running;
    expect(replyText(gateway.messages()[0] ?? { pieces: [] })).toContain('event: error');
    expect(run.exitCode).toBe(1);
    expect(run.result).toMatchObject({ is_error: true, result: expect.stringMatching(/^API Error/) });
  },
);

/** Each of them, at some gateway, ended in exit 0 with half of the answer. */
const breaks: readonly (readonly [string, Partial<Quirks>])[] = [
  ['ends its answer in good order, too soon', { endAfter: { chunks: 20 } }],
  ['closes the connection', { cutAfter: { chunks: 20 } }],
  ['resets the connection', { resetAfter: { chunks: 20 } }],
  ['sends an error record', { errorFrameAfter: 20 }],
  ['finishes with an error', { finishError: true }],
  ['says [DONE] without a finish reason', { noFinishReason: true, endAfter: { chunks: 20 } }],
];

test.each(breaks)('check 25: an engine that %s is never taken at its word', async (_, quirks) => {
  const { gateway, engine } = await startGatewayOnFake({ timing: watchful });
  engine.script = () => ({ segments: [{ type: 'text', text: words60 }], quirks });
  const env = { CLAUDE_CODE_MAX_RETRIES: '1' };
  const run = await runClaude({ prompt: 'Go on.', workspace: await makeWorkspace(), url: gateway.url, env });
  expect(run.exitCode).toBe(1);
  expect(run.result).toMatchObject({ is_error: true });
  for (const exchange of gateway.messages()) {
    expect(replyText(exchange)).not.toContain('message_stop');
    if (exchange.status === 200) expect(replyText(exchange)).toContain('event: error');
  }
});

test.each(breaks)('an engine that %s ends every kind of stream in an error', async (_, quirks) => {
  for (const block of [say(words60), think(words60), call('Read', { file_path: words60 })]) {
    const { gateway } = await startGatewayOnFake({ quirks });
    const reply = await stream(gateway.url, ask(block, { tools: [{ name: 'Read', input_schema: {} }] }));
    if (reply.status === 200) expect(reply.events.at(-1)?.type).toBe('error');
    else expect(reply.status).toBeGreaterThanOrEqual(500);
  }
});
