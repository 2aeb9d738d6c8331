/** Requests as long as a coding agent's: system text and tools of a given length, then a short conversation. */

const words = 'read the file and change what has to be changed then run every test again before you answer'.split(' ');

/** The demo model's and the tiny model's tokenizers make about a token of each word. */
function prose(count: number, seed: number): string {
  const text = Array.from({ length: count }, (_, i) => words[(i * 7 + ((i * i + seed) % 11) + seed) % words.length]);
  return `${seed} ${text.join(' ')}.`;
}

const inputSchema = {
  type: 'object',
  properties: { file_path: { type: 'string', description: 'An absolute path.' }, limit: { type: 'integer' } },
  required: ['file_path'],
};

export interface LongPrefix {
  readonly system: readonly { readonly type: 'text'; readonly text: string }[];
  readonly tools: readonly object[];
}

/**
 * About so many tokens of system text and tools, half and half.
 * @param seed every one is a prefix of its own, from its first words on
 */
export function longPrefix(tokens: number, seed = 0): LongPrefix {
  const toolTokens = tokens / 2 / 12;
  return {
    system: [{ type: 'text', text: prose(Math.round(tokens / 2), seed) }],
    tools: Array.from({ length: 12 }, (_, i) => ({
      name: `Tool${i}`,
      description: prose(Math.round(toolTokens - 60), seed + i),
      input_schema: inputSchema,
    })),
  };
}

export interface Said {
  readonly user: string;
  /** What was answered; the last user message has none yet. */
  readonly assistant?: string;
}

/** A Messages request with the conversation so far. */
export function requestOf(prefix: LongPrefix, said: readonly Said[], more: object = {}): object {
  const messages = said.flatMap(({ user, assistant }) => [
    { role: 'user', content: user },
    ...(assistant === undefined ? [] : [{ role: 'assistant', content: assistant }]),
  ]);
  return { model: 'claude-opus-5-5', max_tokens: 64, temperature: 0, stream: true, ...prefix, messages, ...more };
}
