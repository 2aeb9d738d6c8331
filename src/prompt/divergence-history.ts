/** How two histories differ from a block on, in words. */
import { changedTopics } from './divergence-pieces.ts';
import { type BlockTrace, slightDifference, summary } from './divergence-trace.ts';
import { plain } from './topics.ts';

type History = readonly BlockTrace[];

/** Two histories from the block on in which they differ. */
interface Parting {
  readonly was: BlockTrace;
  readonly is: BlockTrace;
  readonly before: History;
  readonly now: History;
}

/** @param at index of the first block of `before` that `now` has not, or has another one for */
export function historyWords(before: History, now: History, at: number): string {
  const [was, is] = [before[at], now[at]];
  if (!was || !is) return `went back to message ${now.at(-1)?.message ?? 0}`;
  if (isCompacted(before, now)) return 'compaction: a summary stands for the history';
  const parting = { was, is, before: before.slice(at), now: now.slice(at) };
  if (isAnother(parting)) return was.message === 1 ? 'another conversation' : wentBack(parting);
  return `history rewritten by the client: ${edit(parting)} (message ${is.message})`;
}

function isCompacted(before: History, now: History): boolean {
  const summaries = new Set(before.filter(({ what }) => what === summary).map(({ mark }) => mark));
  return now.some(({ what, mark }) => what === summary && !summaries.has(mark));
}

/** A person's words stand there, and of what followed before nothing is left. */
function isAnother({ was, is, before, now }: Parting): boolean {
  if (!isPersons(is) || slightDifference(was, is)) return false;
  const left = new Set(before.map(({ mark }) => mark));
  return !now.some(({ mark }) => left.has(mark));
}

function isPersons({ what }: BlockTrace): boolean {
  return what === 'user text' || what === 'image' || what === 'document';
}

function wentBack({ is: { message }, before }: Parting): string {
  const gone = (before.at(-1)?.message ?? message) - message;
  return `went back to message ${message} and on in another way${gone > 0 ? ` (later messages gone: ${gone})` : ''}`;
}

function edit(parting: Parting): string {
  const { was, is, before, now } = parting;
  const slight = slightDifference(was, is);
  if (slight) return `${slight} of ${article(was.what)}`;
  const wasAt = indexOf(was, now);
  const isAt = indexOf(is, before);
  if (wasAt > 0 && isAt > 0) return `${is.what} moved in front of ${article(was.what)}`;
  if (isAt > 0) return `${names(before.slice(0, isAt))} dropped`;
  if (wasAt > 0) return `${names(now.slice(0, wasAt))} inserted`;
  if (was.message > is.message) return `${was.what} dropped`;
  if (was.message < is.message) return `${is.what} inserted`;
  const topics = messageTopics(parting).filter((topic) => topic !== plain);
  if (topics.length > 0) return `${topics.join(', ')} changed`;
  return was.what === is.what ? `${was.what} changed` : `${is.what} instead of ${article(was.what)}`;
}

/** Where the block stands in the other history; -1 where it does not. */
function indexOf({ mark }: BlockTrace, history: History): number {
  return history.findIndex((block) => block.mark === mark);
}

/** What changed in the whole message. */
function messageTopics({ is: { message }, before, now }: Parting): string[] {
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
