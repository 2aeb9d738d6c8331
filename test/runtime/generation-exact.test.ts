import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { playedEngine } from '../support/played-engine.ts';

const markup = '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>';

test.each([
  ['exact', 'text'],
  ['auto', 'tool_use'],
] as const)('markup in the text of an engine whose calls are %s is %s', async (toolCalls, type) => {
  const engine = playedEngine({ toolCalls });
  const gateway = await startApp(
    { backends: { played: { type: 'openai', baseUrl: 'http://127.0.0.1:1' } } },
    { backends: { openai: engine.create } },
  );
  onTestFinished(() => gateway.close());
  const answer = fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'opus',
      max_tokens: 100,
      tools: [{ name: 'Bash', input_schema: { type: 'object', properties: { command: { type: 'string' } } } }],
      messages: [{ role: 'user', content: 'Show me the format.' }],
    }),
  });
  const generation = await engine.generation(1);
  generation.say({ type: 'started' }, { type: 'text', text: markup }, { type: 'ended', reason: 'end_turn' });
  expect(await (await answer).json()).toMatchObject({ content: [{ type }] });
});
