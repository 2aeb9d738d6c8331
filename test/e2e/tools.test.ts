/** Tools and the shapes of answers, with the real CLI carrying the calls out. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolAlias } from '../../src/prompt/tool-alias.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { blocksOf, expectNoComplaints, expectSuccess, fileTools } from './claude.ts';
import { bash, call, fileLoop, say, script, think, words } from './script.ts';

/** Both ways a call can come from the engine: read by its parser, or as the model's own markup. */
const grammars = ['auto', 'engine'] as const;

test.each(grammars)(
  'check 7: tool loop that writes, edits and runs a file (calls read by: %s)',
  async (toolGrammar) => {
    const { gateway, engine } = await startGatewayOnFake({ backend: { toolGrammar } });
    const workspace = await makeWorkspace();
    const file = join(workspace.cwd, 'hello.py');
    const run = await runClaude({ prompt: fileLoop(file), workspace, url: gateway.url, args: fileTools });
    expectSuccess(run, 'It printed goodbye.');
    expect(await readFile(file, 'utf8')).toBe("print('goodbye')\n");
    expect(gateway.messages()).toHaveLength(4);
    expect(engine.chats()).toHaveLength(4);
    expectNoComplaints(gateway);
  },
);

test('check 10: two calls in one answer run both', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const prompt = script([bash('sleep 0.2; echo slow-one'), bash('echo quick-two')], [say('Both ran.')]);
  const run = await runClaude({ prompt, workspace: await makeWorkspace(), url: gateway.url, args: fileTools });
  expectSuccess(run, 'Both ran.');
  const [, second] = gateway.messages();
  const results = blocksOf(second?.body ?? {}, 'tool_result').map(({ content }) => JSON.stringify(content));
  expect(results).toHaveLength(2);
  expect(results.join()).toContain('slow-one');
  expect(results.join()).toContain('quick-two');
  // The CLI sends them as they finish; the model reads them as it called.
  const heard = JSON.stringify(engine.chats()[1]?.body);
  expect(heard.lastIndexOf('slow-one')).toBeLessThan(heard.lastIndexOf('quick-two'));
});

test.each(grammars)(
  'an MCP tool with a name longer than models get is called by its alias (%s)',
  async (toolGrammar) => {
    const { gateway, engine } = await startGatewayOnFake({ backend: { toolGrammar } });
    const notes = notesServer('read.the_description_of_every_file_in_the_project_and_of_its_parts');
    const alias = toolAlias(notes.tool);
    const run = await runClaude({
      prompt: script([call(alias, { text: 'hello there' })], [say('Heard.')]),
      workspace: await makeWorkspace(),
      url: gateway.url,
      args: notes.args,
      env: { ENABLE_TOOL_SEARCH: 'false' },
    });
    expectSuccess(run, 'Heard.');
    expect(blocksOf(gateway.messages()[1]?.body ?? {}, 'tool_use')).toMatchObject([{ name: notes.tool }]);
    const heard = JSON.stringify(engine.chats()[1]?.body);
    expect(heard).toContain('echo: hello there');
    expect(heard.split(`"name":"${alias}"`)).toHaveLength(3);
    expect(heard).not.toContain(`"name":"${notes.tool}"`);
    expectNoComplaints(gateway);
  },
);

test("a tool found by the CLI's search can be called, and nothing is prefilled again for it", async () => {
  const { gateway, engine } = await startGatewayOnFake({ quirks: { engine: 'batched' } });
  const notes = notesServer('echo');
  const run = await runClaude({
    prompt: script(
      [call('ToolSearch', { query: `select:${notes.tool}`, max_results: 5 })],
      [call(notes.tool, { text: 'hello there' })],
      [say('Found and heard.')],
    ),
    workspace: await makeWorkspace(),
    url: gateway.url,
    args: notes.args,
    env: { ENABLE_TOOL_SEARCH: 'true' },
  });
  expectSuccess(run, 'Found and heard.');
  expectNoComplaints(gateway);
  const [first, second, third] = engine.chats();
  expect(second?.cachedTokens).toBeGreaterThan(0.95 * Number(first?.promptTokens));
  expect(third?.cachedTokens).toBeGreaterThan(0.95 * Number(second?.promptTokens));
  const heard = JSON.stringify(third?.body.messages);
  expect(heard).toContain(JSON.stringify(JSON.stringify({ description: 'Echoes.', name: notes.tool })).slice(1, -4));
  expect(heard).toContain('echo: hello there');
});

test('check 11: two hundred turns without an empty or a malformed answer', async () => {
  const { gateway } = await startGatewayOnFake({ quirks: { splitBytes: 7 } });
  const steps = Array.from({ length: 199 }, (_, n) => [
    ...(n % 3 === 0 ? [think(`Step ${n}.`)] : []),
    ...(n % 2 === 0 ? [say(`Reading, ${n}.`)] : []),
    call('Read', { file_path: '/etc/hostname' }),
  ]);
  const run = await runClaude({
    prompt: script(...steps, [say('The end.')]),
    workspace: await makeWorkspace(),
    url: gateway.url,
    args: fileTools,
    deadlineMs: 150_000,
  });
  expectSuccess(run, 'The end.');
  expect(gateway.messages()).toHaveLength(200);
  expectNoComplaints(gateway);
});

test('check 12: an answer cut at max_tokens is continued by the CLI', async () => {
  const { gateway } = await startGatewayOnFake();
  const env = { CLAUDE_CODE_MAX_OUTPUT_TOKENS: '64' };
  const run = await runClaude({ prompt: words(500), workspace: await makeWorkspace(), url: gateway.url, env });
  expect(run.exitCode).toBe(0);
  expect(gateway.messages()).toHaveLength(2);
  expect(gateway.messages()[1]?.text).toContain('Output token limit hit');
});

test('check 13: thinking is streamed signed, and comes back byte for byte', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const thought = 'Let me see…  "quoted" and 日本語';
  const prompt = script([think(thought), bash('echo hi')], [say('Thought about.')]);
  const run = await runClaude({ prompt, workspace, url: gateway.url, args: fileTools });
  expectSuccess(run, 'Thought about.');
  const [echoed] = blocksOf(gateway.messages()[1]?.body ?? {}, 'thinking');
  expect(echoed).toMatchObject({ thinking: thought });
  expect(echoed?.signature).not.toBe('');
  expect(engine.chats()).toHaveLength(2);

  const unsigned = gateway.messages()[1]?.text.replace(/"signature":"[^"]+"/, '"signature":""') ?? '';
  const answer = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body: unsigned });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('Thought about.');
});

/** An MCP server with one tool. */
function notesServer(name: string): { readonly tool: string; readonly args: readonly string[] } {
  const program = new URL('../support/mcp-server.ts', import.meta.url).pathname;
  const mcpServers = { notes: { command: process.execPath, args: [program, name] } };
  // The CLI has no dots in names either.
  const tool = `mcp__notes__${name.replaceAll('.', '_')}`;
  const config = ['--strict-mcp-config', '--mcp-config', JSON.stringify({ mcpServers })];
  return { tool, args: [...config, '--allowedTools', tool] };
}
