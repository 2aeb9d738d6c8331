/** What a text engine cannot do, and what newer clients send: clear words or an answer, never a failure of the gateway's. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { fileTools } from './claude.ts';
import { ask, post, stream } from './client.ts';
import { call, say, script } from './script.ts';

/** One pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('an image that the CLI reads is refused by name when the model cannot see', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const file = join(workspace.cwd, 'pixel.png');
  await writeFile(file, Buffer.from(png, 'base64'));
  const prompt = script([call('Read', { file_path: file })], [say('Seen.')]);
  const run = await runClaude({ prompt, workspace, url: gateway.url, args: fileTools });
  expect(run.exitCode).toBe(1);
  expect(run.result?.result).toMatch(/^API Error: 400 The model local cannot see images/);
  expect(engine.chats()).toHaveLength(1);
});

test('a PDF is refused by name', async () => {
  const { gateway } = await startGatewayOnFake();
  const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' };
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'document', source },
        { type: 'text', text: 'What is it?' },
      ],
    },
  ];
  const answer = await post(gateway.url, ask('', { messages }));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: expect.stringContaining('PDF') },
  });
});

test('tool definitions of newer clients are served', async () => {
  const { gateway } = await startGatewayOnFake();
  const tools = [
    {
      name: 'Read',
      description: 'Reads.',
      input_schema: { type: 'object' },
      strict: true,
      eager_input_streaming: true,
    },
    { name: 'Later', description: 'Loaded later.', input_schema: { type: 'object' }, defer_loading: true },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 8 },
  ];
  const reply = await stream(gateway.url, ask(say('served'), { tools, tool_choice: { type: 'auto' } }));
  expect([reply.status, reply.text]).toEqual([200, 'served']);
});
