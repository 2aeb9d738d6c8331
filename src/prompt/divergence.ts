/** The divergence doctor: where a prompt first differs from its lineage's last one, and why, in words. */
import { historyWords } from './divergence-history.ts';
import { prefixWords, sharedPrefixBytes } from './divergence-prefix.ts';
import type { BlockTrace, Trace } from './divergence-trace.ts';

export interface Comparison {
  /** Rendered bytes that the last prompt had too. */
  readonly sharedBytes: number;
  /** Rendered bytes that could have been used again, the last answer's among them, if they had not changed. */
  readonly lostBytes: number;
  /** Undefined where the prompt goes on from the last one. */
  readonly cause: string | undefined;
}

/** Looks at marks alone, never at texts. */
export function compare(before: Trace, now: Trace): Comparison {
  const { at, cause } = before.prefixKey === now.prefixKey ? inHistory(before, now) : inPrefix(before, now);
  const sharedBytes = Math.min(at, endOf(before.blocks, before.prefixBytes));
  if (cause === undefined) return { sharedBytes, lostBytes: 0, cause };
  const usable = Math.min(
    endOf([...before.blocks, ...before.answer], before.prefixBytes),
    endOf(now.blocks, now.prefixBytes),
  );
  const words = before.model === now.model ? cause : `${modelWords(before, now)}; ${cause}`;
  return {
    sharedBytes,
    lostBytes: Math.max(0, usable - at),
    cause: words.length > longest ? `${words.slice(0, longest)}...` : words,
  };
}

/** Names come from the client, and there may be any number of them. */
const longest = 300;

/** The client left before the end, or tries again. */
const unanswered = 'the last answer is not in the history';

interface Found {
  /** Rendered bytes up to the first difference. */
  readonly at: number;
  readonly cause: string | undefined;
}

function inPrefix(before: Trace, now: Trace): Found {
  const at = Math.min(sharedPrefixBytes(before, now), now.prefixBytes);
  return { at, cause: prefixWords(before, now) || 'system text changed' };
}

function inHistory(before: Trace, now: Trace): Found {
  const expected = [...before.blocks, ...before.answer];
  const differing = expected.findIndex(({ mark }, index) => mark !== now.blocks[index]?.mark);
  const shared = differing < 0 ? expected.length : differing;
  const at = now.blocks[shared - 1]?.end ?? now.prefixBytes;
  const isRepeated = shared >= before.blocks.length && shared === now.blocks.length;
  if (differing < 0 || isRepeated) return { at, cause: undefined };
  const isUnanswered = shared === before.blocks.length && now.blocks[shared]?.message === before.blocks.at(-1)?.message;
  return { at, cause: isUnanswered ? unanswered : historyWords(expected, now.blocks, shared) };
}

function modelWords(before: Trace, now: Trace): string {
  return `model switched from ${before.model} to ${now.model}`;
}

function endOf(blocks: readonly BlockTrace[], otherwise: number): number {
  return blocks.at(-1)?.end ?? otherwise;
}
