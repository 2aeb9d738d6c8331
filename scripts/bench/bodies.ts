/** Bodies of the benchmark: of the size and shape Claude Code sends, made up of plain words. */

const words = 'read the file and change what has to be changed then run every test again before you answer'.split(' ');
const prose = (bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 5.2) }, (_, i) => words[i % words.length]).join(' ');

const tools = Array.from({ length: 24 }, (_, i) => ({
  name: `Tool${i}`,
  description: prose(2_200),
  input_schema: {
    type: 'object',
    properties: { file_path: { type: 'string', description: prose(120) }, limit: { type: 'integer' } },
    required: ['file_path'],
  },
}));
const system = prose(6_000);
/** With the tools about 20,000 tokens of the embedded engine's demo model. */
const longSystem = prose(36_000);
const openAiTools = tools.map(({ name, description, input_schema }) => ({
  type: 'function',
  function: { name, description, parameters: input_schema },
}));

export type Size = 'small' | 'large';

/** A Messages request; `large` is about 76 kB, as the first request of a session is. */
export function anthropicBody(size: Size, prompt: string, maxTokens: number): string {
  return conversationBody(size, [prompt], maxTokens);
}

/** @param said by the user and the assistant in turns, the user's question last */
export function conversationBody(size: Size | 'long', said: readonly string[], maxTokens: number): string {
  const prompt = said.at(-1) ?? '';
  const text = size === 'long' ? longSystem : system;
  const large = size === 'small' ? {} : { system: [{ type: 'text', text }], tools };
  return JSON.stringify({
    model: 'claude-sonnet-5',
    messages: said.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
    ...large,
    max_tokens: maxTokens,
    stream: true,
    metadata: { user_id: `{"session_id":"bench-${prompt.length % 8}${prompt.at(-1)}"}` },
  });
}

/** The same as the engine gets it. */
export function openAiBody(size: Size, prompt: string, maxTokens: number): string {
  const messages = [{ role: 'user', content: prompt }];
  const large =
    size === 'large'
      ? { messages: [{ role: 'system', content: system }, ...messages], tools: openAiTools }
      : { messages };
  return JSON.stringify({ model: 'bench', ...large, max_tokens: maxTokens, stream: true });
}
