/** What an engine is expected to have of a prompt before it is asked, and what became of that. */
import { reusableBytes } from '../../machines/policies/reuse.ts';
import type { CacheKind, HeldPrompt, PromptShape } from '../../machines/policies/types.ts';
import type { Lease } from '../../machines/scheduler.ts';
import type { Continuation } from '../../machines/session.ts';
import type { BackendHandle } from './backend.ts';
import { goesOn } from './sessions.ts';

export interface Expectation {
  readonly kind: CacheKind;
  readonly promptTokens: number;
  /** Of them, in the engine's cache. */
  readonly cachedTokens: number;
}

/** @param lease absent: what the slot has that has most of it, since nobody knows yet which it will be */
export function expectPrefix(
  handle: BackendHandle,
  shape: PromptShape,
  promptTokens: number,
  lease?: Pick<Lease, 'share'>,
): Expectation {
  const { kind, held } = handle.cache.getSnapshot().context;
  const { share } = lease ?? { share: mostOf(shape, kind, held) };
  return { kind, promptTokens, cachedTokens: expectedTokens(promptTokens, share) };
}

export function expectedTokens(promptTokens: number, share: number): number {
  return Math.floor(promptTokens * share);
}

function mostOf(shape: PromptShape, cacheKind: CacheKind, held: readonly HeldPrompt[]): number {
  const reusable = held.map(({ slot }) => reusableBytes(shape, { cacheKind, held }, slot));
  return Math.max(0, ...reusable) / Math.max(1, shape.chain.at(-1)?.bytes ?? shape.prefixBytes);
}

/** The value of `x-warmslot-prefix`: `REUSED/TOTAL; cause`, in tokens as far as they can be told before the engine counts. */
export function prefixHeader(expected: Expectation, continuation: Continuation, prefixBytes: number): string {
  const { kind, promptTokens, cachedTokens } = expected;
  const { cause, sharedBytes, ofBytes } = continuation;
  const shared = Math.floor((promptTokens * sharedBytes) / Math.max(1, ofBytes));
  // With another prefix nothing of the last prompt is counted on, however much of it is the same.
  const isHeld = sharedBytes <= prefixBytes || cachedTokens >= shared;
  const causes = [...(cause === goesOn && !isHeld ? [] : [cause]), ...(isHeld ? [] : [lapses[kind]])];
  return headerText(`${cachedTokens}/${promptTokens}; ${causes.join('; ')}`);
}

/** Why what a prompt shares with the last one is not found in the cache. */
const lapses: Readonly<Record<CacheKind, string>> = {
  none: 'the engine keeps nothing',
  prefixes: 'the engine keeps system text and tools alone',
  conversations: 'the engine does not hold the last turn',
  slots: 'the engine does not hold the last turn',
};

/** Expectations are shares of bytes: tokens of tools and of prose differ in length by about this much. */
const estimateError = 0.25;

/** Why the engine reused less than expected, in words; undefined when it did not. */
export function shortfallOf(expected: Expectation, cachedTokens: number, hasThinking: boolean): string | undefined {
  if (cachedTokens >= expected.cachedTokens * (1 - estimateError)) return undefined;
  if (expected.kind !== 'prefixes' && hasThinking && cachedTokens > 0) {
    return "the model's template drops the thinking of earlier turns";
  }
  return 'the engine had less of it than it was believed to hold';
}

/** Names of tools and models come from the client: what a header cannot hold is shown as `?`. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
