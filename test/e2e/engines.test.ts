/** The CLI's tool loop on engines that really compute: only the choice of each token is scripted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createLlamaCppBackend } from '../../src/backends/llama-cpp/index.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type EngineMode, prepareRealVllmMlx, startRealVllmMlx } from '../support/real-vllm-mlx.ts';
import { scriptedHooks } from '../support/scripted-llama.ts';
import { replyText } from '../support/tap.ts';
import { expectNoComplaints, expectSuccess, fileTools } from './claude.ts';
import { noCache, promptTokens, readStream, stream } from './client.ts';
import { call, fileLoop, say, script } from './script.ts';

const unavailable = await prepareRealVllmMlx();

const startReal = async (mode: EngineMode, options = {}) => {
  const engine = await startRealVllmMlx(mode);
  onTestFinished(() => engine.stop());
  const gateway = await startGateway({ backends: { mlx: { type: 'vllm-mlx', baseUrl: engine.url, ...options } } });
  return { engine, gateway };
};

const startEmbedded = () =>
  startGateway(
    { backends: { 'llama-cpp': {} } },
    { backends: { 'llama-cpp': (options, deps) => createLlamaCppBackend(options, deps, scriptedHooks) } },
  );

test.each(['simple', 'batched'] as const)('the tool loop on the real vllm-mlx, %s', async (mode) => {
  expect(unavailable).toBe(undefined);
  const { gateway } = await startReal(mode);
  await runFileLoop(gateway);
  const [first, ...later] = gateway.messages().map((exchange) => readStream(replyText(exchange)).usage);
  for (const usage of later) {
    expect(Number(usage?.cache_read_input_tokens)).toBeGreaterThanOrEqual(0.7 * promptTokens(first));
  }
});

test('the tool loop on the real vllm-mlx, whose own parser reads the calls', async () => {
  expect(unavailable).toBe(undefined);
  const { gateway } = await startReal('simple', { toolGrammar: 'engine' });
  await runFileLoop(gateway);
  const { tool_calls } = await health(gateway);
  expect(tool_calls).toMatchObject({ repaired: 0, reasked: 0, failed: 0 });
});

test('check 19: on the real engine a prompt from a warm cache is the one from a cold cache', async () => {
  expect(unavailable).toBe(undefined);
  const { engine, gateway } = await startReal('batched');
  const prompt = script([say('Reading.'), call('Read', { file_path: '/etc/hostname' })], ['SEEN']);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url, args: fileTools });
  expect(run.result?.result).toMatch(/^seen=\d+ sha=\w{8}$/);
  const [, warm] = gateway.messages();
  expect(Number(readStream(replyText(warm ?? { pieces: [] })).usage?.cache_read_input_tokens)).toBeGreaterThan(1_000);
  await fetch(`${engine.url}/v1/cache`, { method: 'DELETE' });
  const cold = await stream(gateway.url, { ...warm?.body, temperature: 0 }, noCache);
  expect(cold.text).toBe(run.result?.result);
});

test('the tool loop on the embedded engine', async () => {
  const gateway = await startEmbedded();
  await runFileLoop(gateway);
  const usages = gateway.messages().map((exchange) => readStream(replyText(exchange)).usage);
  for (const [index, usage] of usages.slice(1).entries()) {
    expect(Number(usage?.cache_read_input_tokens)).toBeGreaterThanOrEqual(0.95 * promptTokens(usages[index]));
  }
});

test('check 20: the embedded engine counts exactly', async () => {
  const gateway = await startEmbedded();
  expectSuccess(await runClaude({ prompt: say('ok'), workspace: await makeWorkspace(), url: gateway.url }), 'ok');
  const [exchange] = gateway.messages();
  const body = exchange?.text ?? '';
  const counted = await fetch(`${gateway.url}/v1/messages/count_tokens`, { method: 'POST', body });
  const { usage } = readStream(replyText(exchange ?? { pieces: [] }));
  expect(await counted.json()).toEqual({ input_tokens: promptTokens(usage) });
});

async function runFileLoop(gateway: TestGateway): Promise<void> {
  const workspace = await makeWorkspace();
  const file = join(workspace.cwd, 'hello.py');
  const run = await runClaude({
    prompt: fileLoop(file),
    workspace,
    url: gateway.url,
    args: fileTools,
    deadlineMs: 150_000,
  });
  expectSuccess(run, 'It printed goodbye.');
  expect(await readFile(file, 'utf8')).toBe("print('goodbye')\n");
  expect(gateway.messages()).toHaveLength(4);
  expectNoComplaints(gateway);
}

async function health(gateway: TestGateway) {
  const answer = await fetch(`${gateway.url}/health`);
  return z.looseObject({ tool_calls: z.record(z.string(), z.number()) }).parse(await answer.json());
}
