/** Scripts what the embedded engine says: the directives' text goes through real forward passes, token by token. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LlamaHooks } from '../../src/backends/llama-cpp/index.ts';
import { type TemplateMessage, toTemplateInput } from '../../src/backends/llama-cpp/messages.ts';
import { answerFor, type ScriptTurn, scriptPosition } from './directives.ts';

/** Ends the demo model's turn. */
const TURN_END = '<|im_end|>';

export const scriptedHooks: LlamaHooks = {
  script(prompt, tokenize) {
    const { lastUserText, toolResultTurns } = scriptPosition(toTemplateInput(prompt, false).messages.map(scriptTurn));
    const { text, delayMs, hangMs } = answerFor(lastUserText, toolResultTurns);
    const tokens = [...tokenize(text), ...tokenize(TURN_END)];
    return async ({ index }) => {
      const wait = delayMs + (index === 0 ? hangMs : 0);
      if (wait > 0) await delay(wait);
      return tokens[index];
    };
  },
};

function scriptTurn({ role, content }: TemplateMessage): ScriptTurn {
  return { role, text: typeof content === 'string' ? content : '' };
}
