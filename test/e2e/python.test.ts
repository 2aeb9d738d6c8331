/** The official Python SDK: it parses streams and models by code of its own. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startGatewayOnFake } from '../support/gateway.ts';
import { runPython } from '../support/python.ts';
import { call, say, script, think } from './script.ts';

const prelude = (prompt: string) => `
import anthropic, json
client = anthropic.Anthropic(max_retries=0)
prompt = ${JSON.stringify(prompt)}
tools = [{"name": "Read", "description": "Reads a file.",
          "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}}}]
ask = dict(model="claude-opus-5-5", max_tokens=1000, tools=tools, messages=[{"role": "user", "content": prompt}])
`;

const answer = z.object({ types: z.array(z.string()), text: z.string(), stop: z.string(), streamed: z.string() });

test('python: a stream, and the same without streaming', async () => {
  const { gateway } = await startGatewayOnFake();
  const prompt = script([think('Hm.'), say('Grüße, 日本語 👩‍👩‍👧'), call('Read', { file_path: '/a' })]);
  const out = await runPython(
    `${prelude(prompt)}
with client.messages.stream(**ask) as stream:
    streamed = "".join(stream.text_stream)
    final = stream.get_final_message()
plain = client.messages.create(**ask)
assert [b.type for b in plain.content] == [b.type for b in final.content]
print(json.dumps(dict(types=[b.type for b in final.content], text=final.content[1].text, stop=final.stop_reason, streamed=streamed)))
`,
    gateway.url,
  );
  expect(answer.parse(JSON.parse(out))).toEqual({
    types: ['thinking', 'text', 'tool_use'],
    text: 'Grüße, 日本語 👩‍👩‍👧',
    stop: 'tool_use',
    streamed: 'Grüße, 日本語 👩‍👩‍👧',
  });
});

test('python: the tool runner', async () => {
  const { gateway, engine } = await startGatewayOnFake();
  const prompt = script([call('Read', { file_path: '/a' })], [say('All read.')]);
  const out = await runPython(
    `${prelude(prompt)}
@anthropic.beta_tool
def Read(file_path: str) -> str:
    """Reads a file.

    Args:
        file_path: which one
    """
    return "content of " + file_path
del ask["tools"]
last = client.beta.messages.tool_runner(tools=[Read], **ask).until_done()
print(json.dumps(last.content[0].text))
`,
    gateway.url,
  );
  expect(out.trim()).toBe('"All read."');
  expect(JSON.stringify(engine.chats().at(-1)?.body.messages)).toContain('content of /a');
});

test('python: errors, models and counts', async () => {
  const { gateway } = await startGatewayOnFake();
  const out = await runPython(
    `${prelude('hi')}
try:
    client.messages.create(**{**ask, "model": "nope"})
except anthropic.NotFoundError as error:
    named = "nope" in str(error)
models = [m.id for m in client.models.list(limit=2)]
del ask["max_tokens"]
count = client.messages.count_tokens(**ask).input_tokens
print(json.dumps([named, "anthropic-local" in models, count > 0]))
`,
    gateway.url,
  );
  expect(JSON.parse(out)).toEqual([true, true, true]);
});
