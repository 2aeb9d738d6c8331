import { cutAt } from '../../support/engine-events.ts';

const half = /[\ud800-\udbff]$/;

/** The text in pieces of whole characters, as engines decode them; one each where there are that many cuts. */
export function piecesOf(text: string, cuts: readonly number[]): readonly string[] {
  if (cuts.length > 40) return [...text];
  const pieces: string[] = [];
  for (const piece of cutAt(text, cuts)) {
    const last = pieces.at(-1) ?? '';
    if (half.test(last)) pieces[pieces.length - 1] = last + piece;
    else pieces.push(piece);
  }
  return pieces;
}
