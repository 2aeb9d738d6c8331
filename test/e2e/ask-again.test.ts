/** Calls that no tool can take, and calls that the token limit cuts off: what the real CLI makes of the gateway's way with them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import type { Answer, ChatRequest } from '../support/fake-vllm-mlx.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { replyText } from '../support/tap.ts';
import { blocksOf, expectNoComplaints, expectSuccess, fileTools } from './claude.ts';

const write = (json: string): Answer => ({
  segments: [
    { type: 'text', text: 'I write it.\n' },
    { type: 'tool', name: 'Write', arguments: json, form: 'hermes' },
  ],
});
const done: Answer = { segments: [{ type: 'text', text: 'Written.' }] };

const hasResult = ({ messages }: ChatRequest) => messages.some(({ role }) => role === 'tool');
const last = ({ messages }: ChatRequest) => JSON.stringify(messages.at(-1));

test('the CLI never sees a call whose arguments are not all there', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const file = join(workspace.cwd, 'a.txt');
  const [half, whole] = [{ file_path: file }, { file_path: file, content: 'hello' }].map((input) =>
    JSON.stringify(input),
  );
  engine.script = (request) => {
    if (hasResult(request)) return done;
    return write((last(request).includes('could not be run') ? whole : half) ?? '');
  };
  const run = await runClaude({ prompt: 'Write hello.', workspace, url: gateway.url, args: fileTools });
  expectSuccess(run, 'Written.');
  expect(await readFile(file, 'utf8')).toBe('hello');
  expect([engine.chats().length, gateway.messages().length]).toEqual([3, 2]);
  expect(gateway.app.gateway.health().tool_calls).toMatchObject({ reasked: 1, failed: 0 });
  expectNoComplaints(gateway);
});

test('the CLI goes on behind a call that the token limit cut off', async () => {
  const { gateway, engine } = await startGatewayOnFake({ backend: { maxOutputTokens: 200 } });
  const workspace = await makeWorkspace();
  const file = join(workspace.cwd, 'a.txt');
  const text = 'word '.repeat(1_000);
  engine.script = (request) => {
    if (hasResult(request)) return done;
    if (last(request).includes('Output token limit hit'))
      return write(JSON.stringify({ file_path: file, content: 'short' }));
    return write(JSON.stringify({ file_path: file, content: text }));
  };
  const run = await runClaude({ prompt: 'Write words.', workspace, url: gateway.url, args: fileTools });
  expectSuccess(run, 'Written.');
  expect(await readFile(file, 'utf8')).toBe('short');
  const [first, second] = gateway.messages();
  const cut = first ? replyText(first) : '';
  expect(cut).toContain('"partial_json":"{\\"file_path');
  expect(cut.match(/event: content_block_(start|stop)/g)).toHaveLength(3);
  expect(blocksOf(second?.body ?? {}, 'tool_use')).toEqual([]);
  expectNoComplaints(gateway);
});
