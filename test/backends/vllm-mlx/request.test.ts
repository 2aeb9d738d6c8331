import { expect, test } from 'vitest';
import { withBackend } from './driver.ts';

const tool = { name: 'Read', description: 'Reads.', input_schema: { type: 'object' } };
const wireTool = {
  type: 'function',
  function: { name: 'Read', description: 'Reads.', parameters: { type: 'object' } },
};
const defaults = {
  model: 'local',
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: 500,
  temperature: 0.7,
  top_p: 0.9,
  timeout: 3600,
};

test('raw tools, nothing that switches the cache off, the key as a bearer', () =>
  withBackend({ quirks: { apiKey: 'k' }, options: { apiKey: 'k' } }, async ({ fake, say, notices }) => {
    await say('hi', {
      system: 'S',
      tools: [tool, { type: 'web_search_20250305', name: 'web_search' }],
      tool_choice: { type: 'auto' },
      top_k: 40,
      stop_sequences: ['END'],
      thinking: { type: 'disabled' },
      cache_control: {},
    });
    const [request] = fake.chats();
    expect(request?.headers.authorization).toBe('Bearer k');
    expect(request?.body).toEqual({
      ...defaults,
      messages: [
        { role: 'system', content: 'S' },
        { role: 'user', content: 'hi' },
      ],
      chat_template_kwargs: { tools: [wireTool], enable_thinking: false },
    });
    expect(notices).toEqual([expect.stringContaining('contextWindow'), expect.stringContaining('top_k')]);
  }));

test('a bare request holds no template arguments; the owner and then the client decide on sampling', () =>
  withBackend({ options: { sampling: { temperature: 0.2, topP: 0.8 } } }, async ({ fake, say }) => {
    await say('hi');
    await say('hi', { temperature: 1, top_p: 0.5 });
    const messages = [{ role: 'user', content: 'hi' }];
    expect(fake.chats().map(({ body }) => body)).toEqual([
      { ...defaults, messages, temperature: 0.2, top_p: 0.8 },
      { ...defaults, messages, temperature: 1, top_p: 0.5 },
    ]);
  }));

test.each([
  [{ type: 'none' }, /without calling any tool/],
  [{ type: 'any' }, /call at least one of the tools/],
  [{ type: 'tool', name: 'Read' }, /call the tool Read/],
])('a tool choice is asked for in words: the rendered prefix stays', (choice, sentence) =>
  withBackend({}, async ({ fake, say }) => {
    await say('hi', { tools: [tool] });
    await say('hi', { tools: [tool], tool_choice: choice });
    const [plain, chosen] = fake.chats().map(({ body }) => body);
    expect(JSON.stringify(chosen?.messages)).toMatch(sentence);
    expect({ ...chosen, messages: [] }).toEqual({ ...plain, messages: [] });
  }),
);

test("the engine's own parser gets tools at the top level, under names it accepts", () =>
  withBackend({ options: { toolGrammar: 'engine' } }, async ({ fake, start }) => {
    const name = `mcp__server__${'x'.repeat(80)}`;
    const messages = [{ role: 'user', content: 'hi' }];
    await start({ tools: [{ ...tool, name }], messages }).over;
    const body = fake.chats()[0]?.body;
    expect(body?.chat_template_kwargs).toBeUndefined();
    expect(JSON.stringify(body?.tools)).toMatch(/"name":"[A-Za-z0-9_-]{1,64}"/);
  }));
