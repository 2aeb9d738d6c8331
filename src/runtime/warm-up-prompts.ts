/** Which prefixes are remembered of a backend, which of them is likeliest to be asked for next, and how it is asked for. */
import { compareBands } from '../../machines/policies/band.ts';
import type { CacheKind, HeldPrompt } from '../../machines/policies/types.ts';
import { hashTurns } from '../prompt/chain.ts';
import type { Band } from '../prompt/lineage.ts';
import type { Prompt, Turn } from '../prompt/types.ts';

export interface Remembered {
  readonly lineage: string;
  readonly band: Band;
  /** Asks for the prefix and one token. */
  readonly prompt: Prompt;
}

/** Prefixes remembered of each backend: two people, or one with a subagent, and room for one more. */
const most = 3;

/** Bytes. A smaller prefix is prefilled in no time. */
const worthwhile = 4_096;

/**
 * The likeliest first: main agents before subagents, then the newest. A lineage's new prefix replaces its old one, which
 * nobody asks for any more.
 */
export function remember(known: readonly Remembered[], ran: Remembered): readonly Remembered[] {
  if (ran.band === 'auxiliary' || ran.prompt.prefixBytes < worthwhile) return known;
  const isReplaced = ({ lineage, prompt }: Remembered) =>
    lineage === ran.lineage || prompt.prefixKey === ran.prompt.prefixKey;
  const others = known.filter((other) => !isReplaced(other));
  return [ran, ...others].sort((a, b) => compareBands(a.band, b.band)).slice(0, most);
}

export interface CacheView {
  readonly kind: CacheKind;
  readonly capacity: number;
  readonly held: readonly HeldPrompt[];
}

/**
 * The one that is worth prefilling now. Nothing is pushed out on a mere guess; for a client that has just started the main
 * agent's prefix may take the place of whatever the scheduler lets go.
 * @param awaited a client has just started
 */
export function likeliest(
  known: readonly Remembered[],
  { kind, capacity, held }: CacheView,
  awaited: boolean,
): Remembered | undefined {
  const isHeld = ({ prompt }: Remembered) => held.some(({ prefixKey }) => prefixKey === prompt.prefixKey);
  if (kind === 'none') return undefined;
  if (!awaited) return held.length < capacity ? known.find((each) => !isHeld(each)) : undefined;
  const newest = known.find(({ band }) => band === 'interactive');
  return newest && !isHeld(newest) ? newest : undefined;
}

/** One that no conversation goes on from: an engine that finds all of an entry in a prompt looks for no longer part of another. */
const turns: readonly Turn[] = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }];

/** Only what the prefix is rendered from: the history, by far the most of a prompt, is not kept. */
export function prefixOf(prompt: Prompt): Prompt {
  const { prefixKey, prefixBytes, settings } = prompt;
  const chain = hashTurns({ key: prefixKey, bytes: prefixBytes }, turns);
  return {
    ...prompt,
    loadedTools: [],
    turns,
    settings: { ...settings, maxTokens: 1, stopSequences: [] },
    chain,
    bytes: chain.at(-1)?.bytes ?? prefixBytes,
    body: {},
  };
}
