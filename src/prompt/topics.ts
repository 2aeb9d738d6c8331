/**
 * What a text that Claude Code wrote itself is about, line by line: its system prompt, its system messages, its reminders
 * (wording of 2.1.197 to 2.1.330). What changes on its own has a name.
 */

import type { Role } from './types.ts';

/** Neighbouring lines on one topic. */
export interface Run {
  readonly what: string;
  readonly lines: readonly string[];
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
  [/^\s*(?:- )?(?:\w+ )?(?:working director(?:y|ies):|Is (?:directory )?a git repo)/i, 'working directory'],
  [/^\s*(?:-\s*)?(?:Today's date|The date has changed)/, 'date'],
  [/ memory at `/, 'memory folder'],
  [/^\s*(?:-\s*)?You are powered by the model/, 'model name'],
];

/** A text nothing more is known of. */
export const plain = 'instructions';

/** People's own headings and remarks stand in it. */
const foreign = 'CLAUDE.md';

/** Whether the client wrote it and not a person. */
export function isClients(role: Role, text: string): boolean {
  return role === 'system' || (role === 'user' && text.startsWith('<system-reminder>'));
}

/** All lines of the text, in order; a heading begins a run of its own. */
export function runsOf(text: string): Run[] {
  const runs: { what: string; lines: string[] }[] = [];
  let topic = plain;
  for (const line of text.split('\n')) {
    const opened = find(openings, line);
    const isOurs = topic !== foreign;
    const heading = isOurs && line.startsWith('#');
    if (opened !== undefined) topic = opened;
    else if (heading || (isOurs && line.startsWith('</')) || line === '</system-reminder>') topic = plain;
    const what = topic === foreign ? topic : (find(remarks, line) ?? topic);
    const last = runs.at(-1);
    if (last?.what === what && !heading) last.lines.push(line);
    else runs.push({ what, lines: [line] });
  }
  return runs;
}

function find(table: readonly (readonly [RegExp, string])[], line: string): string | undefined {
  return table.find(([pattern]) => pattern.test(line))?.[1];
}
