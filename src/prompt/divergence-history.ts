/** How two histories differ from a block on, in words. */
import { changedTopics } from './divergence-pieces.ts';
import { type BlockTrace, slightDifference, summary } from './divergence-trace.ts';
import { plain } from './topics.ts';

type History = readonly BlockTrace[];

/** @param at index of the first block of `before` that `now` has not, or has another one for */
export function historyWords(before: History, now: History, at: number): string {
  const [was, is] = [before[at], now[at]];
  if (!was || !is) return `went back to message ${now.at(-1)?.message ?? 0}`;
  if (isCompacted(before, now)) return 'compaction: a summary stands for the history';
  if (isAnother(before, now, at)) return was.message === 1 ? 'another conversation' : wentBack(before, now, at);
  return `history rewritten by the client: ${edit(before, now, at)} (message ${is.message})`;
}

function isCompacted(before: History, now: History): boolean {
  const summaries = new Set(before.filter(({ what }) => what === summary).map(({ mark }) => mark));
  return now.some(({ what, mark }) => what === summary && !summaries.has(mark));
}

/** A person's words stand there, and of what followed before nothing is left. */
function isAnother(before: History, now: History, at: number): boolean {
  const [was, is] = [before[at], now[at]];
  if (!was || !is || !isPersons(is) || slightDifference(was, is)) return false;
  const left = new Set(before.slice(at).map(({ mark }) => mark));
  return !now.slice(at).some(({ mark }) => left.has(mark));
}

function isPersons({ what }: BlockTrace): boolean {
  return what === 'user text' || what === 'image' || what === 'document';
}

function wentBack(before: History, now: History, at: number): string {
  const message = now[at]?.message ?? 0;
  const gone = (before.at(-1)?.message ?? message) - message;
  return `went back to message ${message} and on in another way${gone > 0 ? ` (later messages gone: ${gone})` : ''}`;
}

function edit(before: History, now: History, at: number): string {
  const [was, is] = [before[at], now[at]];
  if (!was || !is) return 'cut short';
  const slight = slightDifference(was, is);
  if (slight) return `${slight} of ${article(was.what)}`;
  const wasAt = indexFrom(now, at, was);
  const isAt = indexFrom(before, at, is);
  if (wasAt > 0 && isAt > 0) return `${is.what} moved in front of ${article(was.what)}`;
  if (isAt > 0) return `${names(before.slice(at, isAt))} dropped`;
  if (wasAt > 0) return `${names(now.slice(at, wasAt))} inserted`;
  if (was.message > is.message) return `${was.what} dropped`;
  if (was.message < is.message) return `${is.what} inserted`;
  const topics = messageTopics(before, now, is.message).filter((topic) => topic !== plain);
  if (topics.length > 0) return `${topics.join(', ')} changed`;
  return was.what === is.what ? `${was.what} changed` : `${is.what} instead of ${article(was.what)}`;
}

/** Where the block stands in the other history, from an index on; -1 where it does not. */
function indexFrom(history: History, from: number, { mark }: BlockTrace): number {
  return history.findIndex((block, index) => index >= from && block.mark === mark);
}

function messageTopics(before: History, now: History, message: number): string[] {
  const piecesOf = (history: History) =>
    history.filter((block) => block.message === message).flatMap(({ pieces }) => pieces);
  return changedTopics(piecesOf(before), piecesOf(now));
}

/** Blocks in words, each kind once; a reminder by what it is about. */
function names(blocks: History): string {
  const known = blocks.flatMap(({ what, pieces }) => {
    const topics = pieces.map((piece) => piece.what).filter((topic) => topic !== plain);
    return topics.length > 0 ? topics : [what];
  });
  return [...new Set(known)].join(', ');
}

function article(what: string): string {
  return /^[aeiou]/i.test(what) ? `an ${what}` : `a ${what}`;
}
