/** Where two prompts' system texts and tools first differ, and how, in words. */
import { changedTopics, lacking, type Piece } from './divergence-pieces.ts';
import type { Trace } from './divergence-trace.ts';

type Prefix = Pick<Trace, 'system' | 'tools'>;

/** Bytes up to the first piece that is another one. */
export function sharedPrefixBytes(before: Prefix, now: Prefix): number {
  const was = [...before.system, ...before.tools];
  let bytes = 0;
  for (const [index, piece] of [...now.system, ...now.tools].entries()) {
    if (piece.mark !== was[index]?.mark) break;
    bytes += piece.bytes;
  }
  return bytes;
}

export function prefixWords(before: Prefix, now: Prefix): string {
  return [...systemWords(before.system, now.system), ...toolWords(before.tools, now.tools)].join('; ');
}

function systemWords(before: readonly Piece[], now: readonly Piece[]): string[] {
  if (isSame(before, now)) return [];
  if (lacking(now, before).length === now.length) return ['another system text'];
  const topics = changedTopics(before, now);
  return [topics.length > 0 ? `system text changed: ${topics.join(', ')}` : 'system text in another order'];
}

function toolWords(before: readonly Piece[], now: readonly Piece[]): string[] {
  if (isSame(before, now)) return [];
  const [was, is] = [namesOf(before), namesOf(now)];
  const added = now.filter(({ what }) => !was.has(what)).map(({ what }) => `+${what}`);
  const gone = before.filter(({ what }) => !is.has(what)).map(({ what }) => `-${what}`);
  const edited = lacking(now, before).filter(({ what }) => was.has(what));
  const names = shortList([...added, ...gone, ...edited.map(({ what }) => `~${what}`)]);
  if (names === '') return ['tools in another order'];
  const count =
    edited.length > 0 ? `+${added.length} -${gone.length} ~${edited.length}` : `+${added.length} -${gone.length}`;
  return [`tools changed: ${count} (${names})`];
}

function isSame(a: readonly Piece[], b: readonly Piece[]): boolean {
  return a.length === b.length && a.every(({ mark }, index) => mark === b[index]?.mark);
}

function namesOf(tools: readonly Piece[]): Set<string> {
  return new Set(tools.map(({ what }) => what));
}

const fewNames = 6;

function shortList(names: readonly string[]): string {
  const more = names.length > fewNames ? ' ...' : '';
  return names.slice(0, fewNames).join(' ') + more;
}
