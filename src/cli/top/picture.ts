/** The whole picture as lines of a terminal. */
import type { Overview } from '../../observe/overview/types.ts';
import { headLine, type Section, sectionsOf } from './sections.ts';
import { type Line, paint, piece } from './text.ts';

export interface Size {
  readonly columns: number;
  /** Infinity: as many as it takes. */
  readonly rows: number;
}

export interface Look extends Size {
  readonly colours: boolean;
  /** Where it comes from. */
  readonly url: string;
  /** What is wrong with it, in words: shown instead of the place it comes from. */
  readonly problem?: string | undefined;
}

/** Columns from which there is room for sessions' names and bands. */
const wideEnough = 110;

export function picture(overview: Overview, look: Look): readonly string[] {
  const { columns, rows, colours, url, problem } = look;
  const head = [headLine(overview, url), ...(problem === undefined ? [] : [[piece(problem, 'bad')]])];
  const sections = sectionsOf(overview, columns >= wideEnough);
  const lines = [...head, ...fit(sections, rows - head.length)];
  return lines.slice(0, rows).map((line) => paint(line, columns, colours));
}

/** Each section under its title, in so many rows in all. */
function fit(sections: readonly Section[], rows: number): readonly Line[] {
  const given = share(sections, rows - sections.length);
  return sections.flatMap(({ title, lines }, index) => [title, ...shortened(lines, given[index] ?? 0)]);
}

/** First everybody's least, then a line each in turn, until there are no more or nobody needs any. */
function share(sections: readonly Section[], rows: number): readonly number[] {
  const needs = sections.map(({ lines }) => lines.length);
  const given = sections.map(() => 0);
  let left = rows;
  const give = (most: (index: number) => number) => {
    for (let round = 0; left > 0 && round < rows; round++) {
      for (const index of given.keys()) {
        if (left <= 0 || round >= most(index) || (given[index] ?? 0) > round) continue;
        given[index] = (given[index] ?? 0) + 1;
        left -= 1;
      }
    }
  };
  if (rows === Number.POSITIVE_INFINITY) return needs;
  give((index) => Math.min(sections[index]?.least ?? 0, needs[index] ?? 0));
  give((index) => needs[index] ?? 0);
  return given;
}

function shortened(lines: readonly Line[], rows: number): readonly Line[] {
  if (lines.length <= rows) return lines;
  const shown = Math.max(0, rows - 1);
  return [...lines.slice(0, shown), ...(rows > 0 ? [[piece(`  … and ${lines.length - shown} more`, 'dim')]] : [])];
}
