/** Requests and prompts for the tests of src/prompt, checked by the schema as the server checks them. */
import { toPrompt } from '../../src/prompt/canonical.ts';
import { blockLine, prefixLines } from '../../src/prompt/chain.ts';
import type { Block, Prompt } from '../../src/prompt/types.ts';
import { type MessagesRequest, messagesRequest } from '../../src/protocol/anthropic/request.ts';

export function request(body: object): MessagesRequest {
  return messagesRequest.parse({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...body });
}

export function promptOf(body: object): Prompt {
  return toPrompt(request(body));
}

/** The blocks of a single message, as the prompt has them. */
export function blocksOf(role: 'user' | 'assistant' | 'system', content: string | readonly object[]): readonly Block[] {
  const { turns } = promptOf({
    messages: [
      { role, content },
      { role: role === 'user' ? 'assistant' : 'user', content: 'end' },
    ],
  });
  return turns[0]?.role === role ? turns[0].content : [];
}

export function canonicalLines({ system, tools, turns }: Prompt): string[] {
  const blocks = turns.flatMap(({ role, content }) => content.map((block) => blockLine(role, block)));
  return [...prefixLines(system, tools), ...blocks];
}
