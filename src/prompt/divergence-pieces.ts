/** A text's topics as marks: what is kept of it to tell later which of them changed. */
import { digest, markOf } from './digest.ts';
import { plain, runsOf } from './topics.ts';

/** A run of lines on one topic, or a tool. */
export interface Piece {
  readonly what: string;
  readonly mark: number;
  readonly bytes: number;
}

export function piecesOf(text: string): Piece[] {
  return runsOf(text).map(({ what, lines }) => pieceOf(what, `${lines.join('\n')}\n`));
}

export function pieceOf(what: string, text: string): Piece {
  return { what, mark: markOf(digest(text)), bytes: Buffer.byteLength(text) };
}

/** Topics of the pieces that only one side has, in order, the unknown one last. */
export function changedTopics(before: readonly Piece[], now: readonly Piece[]): string[] {
  const topics = new Set([...lacking(now, before), ...lacking(before, now)].map(({ what }) => what));
  const unknown = topics.delete(plain);
  return unknown ? [...topics, plain] : [...topics];
}

/** Pieces of one side that the other has not. */
export function lacking(pieces: readonly Piece[], other: readonly Piece[]): Piece[] {
  const marks = new Set(other.map(({ mark }) => mark));
  return pieces.filter(({ mark }) => !marks.has(mark));
}
