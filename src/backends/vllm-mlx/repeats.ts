/**
 * The batched engine keeps prompts with their answers, and cannot start from one that goes on where the new prompt ends: it
 * counts a hit, throws what it found away and prefills everything. A prompt that leaves the kept one a token before its end
 * costs that token and the few behind it. So what was answered before, sent again or gone back to, ends in white space that
 * it had not before. Templates that trim messages take it off again, which costs what it would have cost.
 */
import { LRUCache } from 'lru-cache';
import type { Prompt } from '../../prompt/types.ts';

export interface Repeats {
  /** White space to put behind the prompt's last message; empty the first time. */
  ending(prompt: Prompt): string;
  /** The engine has answered it to the end, and keeps it now. */
  answered(prompt: Prompt): void;
}

/** Prompts remembered: more than the engine has room for. */
const remembered = 1_024;

export function createRepeats(): Repeats {
  const answers = new LRUCache<string, number>({ max: remembered });
  const timesAnswered = (prompt: Prompt) => answers.get(keyOf(prompt)) ?? 0;
  return {
    ending: (prompt) => whiteSpace(timesAnswered(prompt)),
    answered: (prompt) => void answers.set(keyOf(prompt), timesAnswered(prompt) + 1),
  };
}

function keyOf({ chain, prefixKey }: Prompt): string {
  return chain.at(-1)?.key ?? prefixKey;
}

/** Another one for every number, and short ones: the number's binary digits behind the first. */
function whiteSpace(number: number): string {
  const digits = (number + 1).toString(2).slice(1);
  return digits.replaceAll('0', '\n').replaceAll('1', ' ');
}
