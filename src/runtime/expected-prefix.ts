/** What an engine is expected to have of a prompt before it is asked, and what became of that. */
import { reuseOf, wholeBytes } from '../../machines/policies/reuse.ts';
import type { CacheKind, PromptShape, Reuse } from '../../machines/policies/types.ts';
import type { Lease } from '../../machines/scheduler.ts';
import type { Continuation } from '../../machines/session.ts';
import type { BackendHandle } from './backend.ts';
import { goesOn } from './sessions.ts';

export interface Expectation {
  readonly kind: CacheKind;
  readonly promptTokens: number;
  /** Of them, in the engine's cache. */
  readonly cachedTokens: number;
  /** They are read from disk first. */
  readonly restores: boolean;
}

/** @param lease absent: what the slot has that has most of it, since nobody knows yet which it will be */
export function expectPrefix(
  handle: BackendHandle,
  shape: PromptShape,
  promptTokens: number,
  lease?: Pick<Lease, 'share' | 'restores'>,
): Expectation {
  const { kind } = handle.cache.getSnapshot().context;
  const { share, restores } = lease ?? mostOf(shape, handle);
  return { kind, promptTokens, cachedTokens: expectedTokens(promptTokens, share), restores };
}

export function expectedTokens(promptTokens: number, share: number): number {
  return Math.floor(promptTokens * share);
}

function mostOf(shape: PromptShape, { cache }: BackendHandle): Pick<Lease, 'share' | 'restores'> {
  const { kind: cacheKind, held, stored } = cache.getSnapshot().context;
  const slots = new Set([0, ...held.map(({ slot }) => slot)]);
  const reuses = [...slots].map((slot) => reuseOf(shape, { cacheKind, held, stored }, slot));
  const most = reuses.reduce((best: Reuse, each) => (each.bytes > best.bytes ? each : best));
  return { share: most.bytes / Math.max(1, wholeBytes(shape)), restores: most.restored > 0 };
}

/** The value of `x-warmslot-prefix`: `REUSED/TOTAL; cause`, in tokens as far as they can be told before the engine counts. */
export function prefixHeader(expected: Expectation, continuation: Continuation, prefixBytes: number): string {
  const { kind, promptTokens, cachedTokens, restores } = expected;
  const { cause, sharedBytes, ofBytes } = continuation;
  const shared = Math.floor((promptTokens * sharedBytes) / Math.max(1, ofBytes));
  // With another prefix nothing of the last prompt is counted on, however much of it is the same.
  const isHeld = sharedBytes <= prefixBytes || cachedTokens >= shared;
  const lapse = restores ? restored : isHeld ? undefined : lapses[kind];
  const causes = [...(cause === goesOn && lapse ? [] : [cause]), ...(lapse ? [lapse] : [])];
  return headerText(`${cachedTokens}/${promptTokens}; ${causes.join('; ')}`);
}

const restored = 'the engine restores system text and tools from disk';

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
