/** Text that fits a terminal's columns. */

/** What a piece of a line is, for a terminal with colours. */
export type Tone = 'plain' | 'title' | 'dim' | 'warm' | 'cold' | 'good' | 'bad';

export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Piece[];

export function piece(text: string, tone: Tone = 'plain'): Piece {
  return { text: printable(text), tone };
}

/** Names come from clients: what would steer the terminal is shown as `?`. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}

/** Cut or filled to so many columns. */
export function column(text: string, width: number): string {
  const cut = columnsOf(text) > width ? `${leading(text, width - 1)}…` : text;
  return cut + ' '.repeat(Math.max(0, width - columnsOf(cut)));
}

export function columnsOf(text: string): number {
  return [...text].reduce((sum, character) => sum + columnsOfOne(character), 0);
}

const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

function columnsOfOne(character: string): number {
  if (/^\p{M}/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

function leading(text: string, width: number): string {
  let columns = 0;
  let kept = '';
  for (const character of text) {
    columns += columnsOfOne(character);
    if (columns > width) break;
    kept += character;
  }
  return kept;
}

const codes: Readonly<Record<Tone, string>> = {
  plain: '',
  title: '1',
  dim: '2',
  warm: '33',
  cold: '36',
  good: '32',
  bad: '31',
};

/** The line in at most so many columns. */
export function paint(line: Line, width: number, colours: boolean): string {
  let left = width;
  let painted = '';
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const cut = columnsOf(text) > left ? column(text, left) : text;
    left -= columnsOf(cut);
    const code = colours ? codes[tone] : '';
    painted += code ? `\x1b[${code}m${cut}\x1b[0m` : cut;
  }
  return painted.trimEnd();
}
