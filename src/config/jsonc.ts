/** JSON as people write it in configuration files: with comments and trailing commas. */
import { type Parsed, parseJson } from '../protocol/json.ts';

/** Parses it; a reason begins with the place, `line:column: `. Never quotes the text: it may hold keys. */
export function parseJsonc(text: string): Parsed {
  const json = withoutTrailingCommas(withoutComments(text.replace(/^\uFEFF/, ' ')));
  const parsed = parseJson(json);
  return parsed.ok ? parsed : { ok: false, reason: `${placeOf(brokenAt(json), json)}: not valid JSON here` };
}

const comment = /"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const trailingComma = /"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g;

/** Blanks instead of nothing, so that places in an error stay true. */
function withoutComments(text: string): string {
  return text.replace(comment, (match) => (match.startsWith('"') ? match : match.replace(/[^\n]/g, ' ')));
}

function withoutTrailingCommas(text: string): string {
  return text.replace(trailingComma, (match) => (match === ',' ? ' ' : match));
}

/**
 * Offset of the first character that cannot stand where it does. V8 gives it for some errors only, but always tells a text
 * that is merely unfinished from one that is wrong: the longest unfinished beginning ends where the error is.
 */
function brokenAt(json: string): number {
  let good = 0;
  let bad = json.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(json.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isBeginning(text: string): boolean {
  const parsed = parseJson(text);
  if (parsed.ok || parsed.reason.includes('Unexpected end')) return true;
  const position = /at position (\d+)/.exec(parsed.reason)?.[1];
  return parsed.reason.includes('Unterminated string') || Number(position) >= text.length;
}

function placeOf(offset: number, text: string): string {
  const lines = text.slice(0, offset).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}
