/** The client has each token before the engine says the next one. Nobody looks at a clock: what is late never comes. */
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../src/protocol/engine.ts';
import { startGateway } from '../support/gateway.ts';
import { compact } from '../toolcalls/streams/exact.ts';
import { allForms, type Form } from '../toolcalls/streams/forms.ts';
import { openers } from '../toolcalls/streams/text.ts';
import { type Listener, listenTo } from './client.ts';
import { type SpokenEngine, spokenEngine } from './spoken-engine.ts';

const string = { type: 'string' };
const tools = [
  {
    name: 'Write',
    description: 'Writes a file',
    input_schema: {
      type: 'object',
      properties: { file_path: string, content: string },
      required: ['file_path', 'content'],
    },
  },
];

async function converse(body: object = {}): Promise<{ engine: SpokenEngine; client: Listener }> {
  const engine = spokenEngine();
  const gateway = await startGateway(
    { backends: { spoken: { type: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } } },
    { backends: { openai: engine.create } },
  );
  const client = listenTo(gateway.url, { tools, ...body });
  await engine.asked;
  return { engine, client };
}

const text = (text: string): EngineEvent => ({ type: 'text', text });
const tokensOf = (text: string) => text.match(/\s*\S{1,5}/gu) ?? [];

async function finish({ engine, client }: { engine: SpokenEngine; client: Listener }, reason: string): Promise<void> {
  engine.say({ type: 'ended', reason: 'end_turn' });
  await client.until(({ stopReason }) => stopReason === reason);
}

const longest = Math.max(...openers.map((opener) => opener.length));

describe('text', () => {
  test('comes word by word', async () => {
    const { engine, client } = await converse();
    let said = '';
    for (const token of tokensOf('I look at the file, a < b and x[0] = {c: 1}; then "we" see: 5 > 4.\n\nIt is done.')) {
      engine.say(text(token));
      said += token;
      await client.until((heard) => heard.text === said || mayOpen(said.slice(heard.text.length)));
    }
    await finish({ engine, client }, 'end_turn');
    expect(client.heard.text).toBe(said);
  });

  test('is held back by no more than the longest opener and the token behind it', async () => {
    const { engine, client } = await converse();
    let said = '';
    for (const token of tokensOf(openers.map((opener) => `It is ${opener} or so, `).join(''))) {
      const before = said.length;
      engine.say(text(token));
      said += token;
      await client.until((heard) => said.slice(heard.text.length, before).trimStart().length <= longest);
    }
    await finish({ engine, client }, 'end_turn');
    expect(client.heard.text).toBe(said);
  });
});

/** Whether what the client does not have yet may still become an opener. */
const mayOpen = (rest: string) => openers.some((opener) => opener.startsWith(rest.trimStart()));

test.each([
  ['<think>\n', '\n</think>\n\n'],
  ['[THINK]', '[/THINK]'],
  ['<|channel>thought\n', '\n<channel|>'],
  ['<|channel|>analysis<|message|>', '<|end|><|start|>assistant<|channel|>final<|message|>'],
])('thinking behind %j comes word by word', async (open, close) => {
  const { engine, client } = await converse({ thinking: { type: 'enabled', budget_tokens: 1024 } });
  for (const token of tokensOf(open)) engine.say(text(token));
  let said = '';
  for (const token of tokensOf('I should read the file before I write it.')) {
    engine.say(text(token));
    said += token;
    await client.until(({ thinking }) => thinking === said);
  }
  engine.say(text(`${close}Now.`));
  await finish({ engine, client }, 'end_turn');
  expect(client.heard).toMatchObject({ thinking: said, text: 'Now.' });
});

const content = 'import the thing and give each line of it a number of its own '.repeat(4).trim();
const written = {
  name: 'Write',
  input: { file_path: '/tmp/a.ts', content },
  style: compact,
};

/** Of these it is not certain that they are a call of the tool before they are complete. */
const certainAtTheEnd = ({ family, form, manner, whole }: Form) =>
  whole || manner === 'python' || family === 'bracket' || ['arguments first', 'arguments as a string'].includes(form);

describe('the content of a file comes word by word', () => {
  test.each(allForms.filter((form) => !certainAtTheEnd(form)).map((form) => [form.family, form.form, form] as const))(
    '%s, %s',
    async (_, __, form) => {
      const { engine, client } = await converse();
      const markup = form.render([written]);
      const start = markup.indexOf(content);
      engine.say(text(markup.slice(0, start)));
      let said = '';
      for (const token of tokensOf(content)) {
        engine.say(text(token));
        said += token;
        await client.until(({ json }) => json.endsWith(said));
      }
      engine.say(text(markup.slice(start + content.length)));
      await finish({ engine, client }, 'tool_use');
      expect(JSON.parse(client.heard.json)).toEqual(written.input);
    },
  );
});
