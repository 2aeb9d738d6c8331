/**
 * What a text that Claude Code wrote itself is about, piece by piece: its system prompt, its system messages, its reminders
 * (wording of 2.1.197 to 2.1.330). The pieces that change on their own get names, so that a difference can be told in words.
 */
import { digest, markOf } from './digest.ts';

/** A run of lines on one topic; the text itself is not kept. */
export interface Piece {
  readonly what: string;
  readonly mark: number;
  readonly bytes: number;
}

/** Lines that begin a topic, which lasts until the next such line or, but for one, the next heading. */
const openings: readonly (readonly [RegExp, string])[] = [
  [/^# claudeMd|^Contents of \S|^Codebase and user instructions are shown/, 'CLAUDE.md'],
  [/^#? ?gitStatus/, 'git status'],
  [/^# currentDate/, 'date'],
  [/^# Environment|^<env>|^Here is useful information about the environment/, 'environment'],
  [/^The following deferred tools/, 'deferred tools'],
  [/^Available agent types/, 'agent types'],
  [/^The following skills are available/, 'skills'],
];

/** Lines with a topic of their own, whatever stands around them. */
const remarks: readonly (readonly [RegExp, string])[] = [
  [/working director/i, 'working directory'],
  [/^\s*(?:-\s*)?(?:Today's date|The date has changed)/, 'date'],
  [/ memory at `/, 'memory folder'],
  [/^\s*(?:-\s*)?You are powered by the model/, 'model name'],
];

/** A text nothing more is known of. */
export const plain = 'instructions';

/** People's own headings and remarks stand in it. */
const foreign = 'CLAUDE.md';

export function piecesOf(text: string): Piece[] {
  const runs: { what: string; lines: string[] }[] = [];
  let topic = plain;
  for (const line of text.split('\n')) {
    const opened = find(openings, line);
    const heading = line.startsWith('#') && topic !== foreign;
    if (opened !== undefined) topic = opened;
    else if (heading || line.startsWith('</')) topic = plain;
    const what = topic === foreign ? topic : (find(remarks, line) ?? topic);
    const last = runs.at(-1);
    if (last?.what === what && !heading) last.lines.push(line);
    else runs.push({ what, lines: [line] });
  }
  return runs.map(({ what, lines }) => pieceOf(what, `${lines.join('\n')}\n`));
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

function find(table: readonly (readonly [RegExp, string])[], line: string): string | undefined {
  return table.find(([pattern]) => pattern.test(line))?.[1];
}
