/** What makes warmslot worth running: over a conversation of the real CLI nothing the engine has read is read again. */
import { expect, test } from 'vitest';
import { toPrompt } from '../../src/prompt/canonical.ts';
import { blockLine, prefixLines } from '../../src/prompt/chain.ts';
import type { Prompt } from '../../src/prompt/types.ts';
import { messagesRequest } from '../../src/protocol/anthropic/request.ts';
import { type ClaudeRun, makeWorkspace, runClaude, type Workspace } from '../support/claude-cli.ts';
import type { RecordedRequest } from '../support/fake-vllm-mlx.ts';
import { startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { type Exchange, replyText } from '../support/tap.ts';
import { expectSuccess, fileTools } from './claude.ts';
import { ask, noCache, promptTokens, readStream, stream, type Usage } from './client.ts';
import { bash, call, say, script, think } from './script.ts';

/** An engine that keeps whole conversations, and what it found of each request in its cache. */
const keepsAll = { quirks: { engine: 'batched' } } as const;

test('the canonical prompt of each turn extends the one before it byte for byte', async () => {
  const { gateway } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  await loop(gateway, workspace, 4);
  const again = { workspace, url: gateway.url, args: ['--continue', ...fileTools] };
  expectSuccess(await runClaude({ ...again, prompt: script([think('Hm.'), bash('ls')], [say('Seen.')]) }), 'Seen.');
  expectSuccess(await runClaude({ ...again, prompt: say('Last.') }), 'Last.');

  const bodies = gateway.messages().map(({ text }) => text);
  // The property is worth something only against what really moves.
  expect(bodies.every((text) => text.includes('x-anthropic-billing-header') && text.includes('cache_control'))).toBe(
    true,
  );
  const prompts = gateway.messages().map(promptOf);
  expect(prompts).toHaveLength(7);
  for (const [index, prompt] of prompts.slice(1).entries()) {
    const before = linesOf(prompts[index]);
    expect(linesOf(prompt).slice(0, before.length)).toEqual(before);
  }
});

test('two sessions in one directory share their prefix byte for byte', async () => {
  const { gateway } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  for (const text of ['one', 'another']) {
    expectSuccess(await runClaude({ prompt: say(text), workspace, url: gateway.url }), text);
  }
  const [one, another] = gateway.messages().map(promptOf);
  expect(one?.prefixKey).toBe(another?.prefixKey);
  expect(one?.body.system).not.toEqual(another?.body.system);
});

test('check 14: in a tool loop each prompt is found in the cache but for what is new', async () => {
  const { gateway, engine } = await startGatewayOnFake(keepsAll);
  const run = await loop(gateway, await makeWorkspace(), 10);
  expectWarm(engine.chats());

  const usages = gateway.messages().map(usageOf);
  expect(run.result).toMatchObject({
    usage: {
      input_tokens: sum(usages, 'input_tokens'),
      cache_read_input_tokens: sum(usages, 'cache_read_input_tokens'),
      output_tokens: sum(usages, 'output_tokens'),
    },
  });
  for (const [index, chat] of engine.chats().entries()) {
    const usage = usages[index];
    expect(promptTokens(usage)).toBe(chat.promptTokens);
    expect(Math.abs((usage?.cache_read_input_tokens ?? 0) - Number(chat.cachedTokens))).toBeLessThan(
      0.02 * Number(chat.promptTokens),
    );
  }
});

test('check 15: a new session in the same directory finds all that stands before its own words', async () => {
  const { gateway, engine } = await startGatewayOnFake(keepsAll);
  const workspace = await makeWorkspace();
  for (const text of ['one', 'another']) {
    expectSuccess(await runClaude({ prompt: say(text), workspace, url: gateway.url }), text);
  }
  const [one, another] = gateway.messages().map(promptOf);
  const same = another?.chain.findLast((link, index) => link.key === one?.chain[index]?.key);
  const shared = Number(same?.bytes) / Number(another?.bytes);
  expect(shared).toBeGreaterThan(0.75);
  const second = engine.chats()[1];
  expect(Number(second?.cachedTokens) / Number(second?.promptTokens)).toBeGreaterThan(shared - 0.03);
});

test('check 17: --continue twice; string or array, the engine gets the same', async () => {
  const { gateway, engine } = await startGatewayOnFake(keepsAll);
  const base: Omit<ClaudeRun, 'prompt'> = { workspace: await makeWorkspace(), url: gateway.url };
  expectSuccess(await runClaude({ ...base, prompt: say('first') }), 'first');
  expectSuccess(await runClaude({ ...base, prompt: say('second'), args: ['--continue'] }), 'second');
  expectSuccess(await runClaude({ ...base, prompt: say('third'), args: ['--continue'] }), 'third');
  expectWarm(engine.chats());

  const messages = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }];
  await stream(gateway.url, ask('x', { temperature: 0 }), noCache);
  await stream(gateway.url, ask('', { temperature: 0, messages }), noCache);
  const [text, blocks] = engine.chats().slice(-2);
  expect(text?.body).toEqual(blocks?.body);
});

test('check 19: the same second turn, with a warm and with a cold cache, is the same prompt to the engine', async () => {
  const { gateway, engine } = await startGatewayOnFake(keepsAll);
  const prompt = script([say('Reading.'), call('Read', { file_path: '/etc/hostname' })], ['SEEN']);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url, args: fileTools });
  expect(run.result?.result).toMatch(/^seen=\d+ sha=\w{8}$/);

  await fetch(`${engine.url}/v1/cache`, { method: 'DELETE' });
  const again = await stream(gateway.url, { ...gateway.messages()[1]?.body, temperature: 0 }, noCache);
  const [, warm, cold] = engine.chats();
  expect(Number(warm?.cachedTokens)).toBeGreaterThan(0);
  expect(cold?.cachedTokens).toBe(0);
  expect(again.text).toBe(run.result?.result);
});

/** A tool loop of so many requests. */
async function loop(gateway: TestGateway, workspace: Workspace, requests: number) {
  const steps = Array.from({ length: requests - 1 }, (_, n) => [say(`Step ${n}.`), bash(`echo ${n}`)]);
  const run = await runClaude({
    prompt: script(...steps, [say('The end.')]),
    workspace,
    url: gateway.url,
    args: fileTools,
  });
  expectSuccess(run, 'The end.');
  return run;
}

/** From the second request on the engine finds the whole prompt before in its cache, as good as. */
function expectWarm(chats: readonly RecordedRequest[]): void {
  for (const [index, chat] of chats.slice(1).entries()) {
    expect(Number(chat.cachedTokens)).toBeGreaterThanOrEqual(0.95 * Number(chats[index]?.promptTokens));
  }
}

function promptOf({ body }: Exchange): Prompt {
  return toPrompt(messagesRequest.parse(body));
}

/** The canonical bytes, a line a unit. */
function linesOf(prompt: Prompt | undefined): string[] {
  if (!prompt) return [];
  const blocks = prompt.turns.flatMap(({ role, content }) => content.map((block) => blockLine(role, block)));
  return [...prefixLines(prompt.system, prompt.tools), ...blocks];
}

function usageOf(exchange: Exchange): Usage {
  const { usage } = readStream(replyText(exchange));
  if (!usage) throw new Error('a stream without usage');
  return usage;
}

function sum(usages: readonly Usage[], key: keyof Usage): number {
  return usages.reduce((total, usage) => total + usage[key], 0);
}
