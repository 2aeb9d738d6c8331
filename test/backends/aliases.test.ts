/** Names no server takes and no model can be trusted with: what the engine is told, and what the client hears. */
import * as jinja from '@huggingface/jinja';
import { expect, onTestFinished, test } from 'vitest';
import { createLlamaCppBackend, type LlamaHooks } from '../../src/backends/llama-cpp/index.ts';
import { createRenderer } from '../../src/backends/llama-cpp/render.ts';
import { toolAlias } from '../../src/prompt/tool-alias.ts';
import type { Prompt } from '../../src/prompt/types.ts';
import { ask, stream } from '../e2e/client.ts';
import { call, say, script } from '../e2e/script.ts';
import { startGateway, startGatewayOnFake, type TestGateway } from '../support/gateway.ts';
import { scriptedHooks } from '../support/scripted-llama.ts';
import { chatStream, fromTable, scriptedServer, sendJson, sendStream } from './openai-compatible/scripted-server.ts';

const spaced = 'mcp__files.server/read file';
const long = `mcp__server__${'x'.repeat(80)}`;
/** As an alias would be, but for the names it could stand for. */
const alike = `mcp__server__${'x'.repeat(80)}y`;
const names = ['Read', spaced, long, alike];
const input_schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const tools = names.map((name) => ({ name, description: `About ${name.length}.`, input_schema }));

/**
 * Two turns: the client hears its own names, and the engine reads aliases in all it is given.
 * @param heard what the engine was last given, as text
 */
async function expectAliases(gateway: TestGateway, heard: () => string): Promise<void> {
  const calls = names.map((name) => call(toolAlias(name), { path: '/a' }));
  const asked = ask(script(calls, [say('Done with them.')]), { tools });
  const first = await stream(gateway.url, asked);
  expect(first.calls.map(({ name }) => name)).toEqual(names);
  expect(first.stopReason).toBe('tool_use');

  const uses = first.calls.map(({ id, name, json }) => ({ type: 'tool_use', id, name, input: JSON.parse(json) }));
  const results = first.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'there' }));
  const messages = [...asked.messages, { role: 'assistant', content: uses }, { role: 'user', content: results }];
  const second = await stream(gateway.url, { ...asked, messages });
  expect(second.text).toBe('Done with them.');
  const text = heard();
  for (const name of names) expect(text).toMatch(new RegExp(`"name": ?"${toolAlias(name)}"`));
  for (const name of [spaced, long, alike]) expect(text).not.toMatch(new RegExp(`"name": ?"${name}"`));
}

test.each(['auto', 'engine'] as const)('vllm-mlx, calls read by: %s', async (toolGrammar) => {
  const { gateway, engine } = await startGatewayOnFake({ backend: { toolGrammar } });
  await expectAliases(gateway, () => JSON.stringify(engine.chats().at(-1)?.body).replaceAll('\\"', '"'));
});

test('the embedded engine', async () => {
  let prompt: Prompt | undefined;
  const hooks: LlamaHooks = {
    script(given, tokenize) {
      prompt = given;
      return scriptedHooks.script?.(given, tokenize);
    },
  };
  const gateway = await startGateway(
    { backends: { 'llama-cpp': {} } },
    { backends: { 'llama-cpp': (options, deps) => createLlamaCppBackend(options, deps, hooks) } },
  );
  const render = createRenderer({ jinja }, { template: undefined, bos: '', eos: '' });
  await expectAliases(gateway, () => (prompt ? render(prompt) : ''));
});

test('a server whose model knows no tools reads of them in words, and its calls in words reach the client', async () => {
  const server = await scriptedServer((asked, response, request) => {
    if (asked.path !== '/v1/chat/completions')
      return fromTable({ '/v1/models': { data: [{ id: 'm' }] } })(asked, response, request);
    if ('tools' in asked.body) return sendJson(response, { error: 'm does not support tools' }, 400);
    return sendStream(response, chatStream([{ content: `So:\n[Calling tool: ${toolAlias(spaced)}({"path": "/a"})]` }]));
  });
  onTestFinished(() => server.close());
  const gateway = await startGateway({ backends: { other: { type: 'openai', baseUrl: server.url } } });
  const reply = await stream(gateway.url, ask('go', { tools }));
  expect(reply.text.trim()).toBe('So:');
  expect(reply.calls).toMatchObject([{ name: spaced, json: '{"path":"/a"}' }]);
  expect(JSON.stringify(server.asked.at(-1)?.body.messages)).toContain(toolAlias(spaced));
});
