/** The CLI's tool loop with a model of every family, its markup as raw text from the engine. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isJsonObject } from '../../src/protocol/json.ts';
import { makeWorkspace, runClaude } from '../support/claude-cli.ts';
import { startGatewayOnFake } from '../support/gateway.ts';
import { corpus } from '../toolcalls/corpus/index.ts';
import { blocksOf, expectNoComplaints, expectSuccess, fileTools } from './claude.ts';

const sampleOf = (family: string) => corpus[family]?.find(({ name }) => name === 'one call');

test.each(Object.keys(corpus))('the tool loop in the dialect of %s', async (family) => {
  const sample = sampleOf(family);
  const { gateway, engine } = await startGatewayOnFake();
  const workspace = await makeWorkspace();
  const file = join(workspace.cwd, 'a.ts');
  await writeFile(file, 'export const answer = 42;\n');
  const markup = sample?.text.replaceAll('/a.ts', file) ?? '';
  engine.script = ({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? { segments: [{ type: 'text', text: 'It is 42.' }] }
      : { segments: [{ type: 'text', text: markup }] };
  const run = await runClaude({ prompt: 'What is the answer?', workspace, url: gateway.url, args: fileTools });
  expectSuccess(run, 'It is 42.');
  expect(engine.chats()).toHaveLength(2);
  const [, second] = gateway.messages();
  const [call] = blocksOf(second?.body ?? {}, 'tool_use');
  expect(call).toMatchObject({ name: sample?.calls?.[0]?.name });
  expect(isJsonObject(call?.input) && call.input.file_path).toBe(file);
  const [result] = blocksOf(second?.body ?? {}, 'tool_result');
  expect(JSON.stringify(result?.content)).toContain('export const answer = 42');
  expectNoComplaints(gateway);
});
