/** Tokens to text while they come: a character may be spread over several tokens. */
import type { LlamaModel, Token } from 'node-llama-cpp';

/** A UTF-8 character has at most four bytes, so that many byte tokens: what is still broken then is no character. */
const MOST_PENDING = 4;
/** Tokenizers that put spaces between words decide by the tokens before. */
const LOOK_BACK = 8;
const REPLACEMENT = '\uFFFD';

export interface TextStream {
  /** Text that is complete with this token; empty while a character is still being spelled. */
  add(token: Token): string;
  /** What never became a character. */
  end(): string;
}

export function createTextStream(model: Pick<LlamaModel, 'detokenize'>): TextStream {
  let before: Token[] = [];
  let pending: Token[] = [];
  const take = (text: string): string => {
    before = [...before, ...pending].slice(-LOOK_BACK);
    pending = [];
    return text;
  };
  // Special tokens as text: <tool_call>, <think> and the like are read from it.
  const text = (): string => model.detokenize(pending, true, before);
  return {
    add(token) {
      pending.push(token);
      const spelled = text();
      return spelled.endsWith(REPLACEMENT) && pending.length < MOST_PENDING ? '' : take(spelled);
    },
    end: () => (pending.length > 0 ? take(text()) : ''),
  };
}
