/** The divergence doctor: where a prompt first differs from its lineage's last one, and why, in words. */
import { historyWords } from './divergence-history.ts';
import { prefixWords, sharedPrefixBytes } from './divergence-prefix.ts';
import type { BlockTrace, Trace } from './divergence-trace.ts';

export interface Comparison {
  /** Rendered bytes up to the first difference; all that was there before, when there is none. */
  readonly sharedBytes: number;
  /** Rendered bytes of what was there before, and could have been used again if it had not changed. */
  readonly lostBytes: number;
  /** Undefined where the prompt goes on from the last one. */
  readonly cause: string | undefined;
}

/** Looks at marks alone, never at texts. */
export function compare(before: Trace, now: Trace): Comparison {
  const found = before.prefixKey === now.prefixKey ? inHistory(before, now) : inPrefix(before, now);
  const { cause, sharedBytes } = found;
  if (cause === undefined) return { sharedBytes, lostBytes: 0, cause };
  const usable = Math.min(sizeOf(before), endOf(now.blocks, now.prefixBytes));
  const lostBytes = Math.max(0, usable - sharedBytes);
  const words = before.model === now.model ? cause : `${modelWords(before, now)}; ${cause}`;
  return { sharedBytes, lostBytes, cause: words.length > longest ? `${words.slice(0, longest)}...` : words };
}

/** Names come from the client, and there may be any number of them. */
const longest = 300;

/** The client left before the end, or tries again. */
const unanswered = 'the last answer is not in the history';

type Found = Pick<Comparison, 'sharedBytes' | 'cause'>;

function inPrefix(before: Trace, now: Trace): Found {
  const sharedBytes = Math.min(sharedPrefixBytes(before, now), now.prefixBytes);
  return { sharedBytes, cause: prefixWords(before, now) || 'system text changed' };
}

function inHistory(before: Trace, now: Trace): Found {
  const expected = [...before.blocks, ...before.answer];
  const differing = expected.findIndex(({ mark }, index) => mark !== now.blocks[index]?.mark);
  const at = differing < 0 ? expected.length : differing;
  const sharedBytes = now.blocks[at - 1]?.end ?? now.prefixBytes;
  const isRepeated = at >= before.blocks.length && at === now.blocks.length;
  if (differing < 0 || isRepeated) return { sharedBytes, cause: undefined };
  const isUnanswered = at === before.blocks.length && now.blocks[at]?.message === before.blocks.at(-1)?.message;
  return { sharedBytes, cause: isUnanswered ? unanswered : historyWords(expected, now.blocks, at) };
}

function modelWords(before: Trace, now: Trace): string {
  return `model switched from ${before.model} to ${now.model}`;
}

function sizeOf({ blocks, answer, prefixBytes }: Trace): number {
  return endOf([...blocks, ...answer], prefixBytes);
}

function endOf(blocks: readonly BlockTrace[], otherwise: number): number {
  return blocks.at(-1)?.end ?? otherwise;
}
