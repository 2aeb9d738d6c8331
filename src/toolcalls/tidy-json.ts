/** What can be put right in JSON in one pass over the text, however long it is. */
import { pythonConstants } from './python-constants.ts';

export interface Tidied {
  /** JSON, if nothing else was wrong. */
  readonly text: string;
  /** How many brackets stood open at once. */
  readonly depth: number;
}

/**
 * A backslash before anything that JSON knows no escape for was meant as itself: `\d` of a pattern, `\$` and a line's end of
 * a shell command. (jsonrepair drops it.) Also writes control characters as escapes, but for white space.
 */
export function mendEscapes(text: string): string {
  return text.replace(/\\(?:u[\da-f]{4}|[\s\S])|(?![\n\r\t])\p{Cc}/giu, (found) => {
    if (found.length === 1) return escapeOf(found);
    return /^\\(?:u.{4}|["'\\/bfnrt])$/.test(found) ? found : `\\${found}`;
  });
}

/**
 * Escapes raw newlines and tabs in strings, makes single quotes double, drops trailing commas, writes Python's and
 * JavaScript's literals as JSON's and closes what stands open. Not a number is null.
 */
export function tidyJson(source: string): Tidied {
  const open: string[] = [];
  let depth = 0;
  /** The quote of the string that the scan is in. */
  let quote: string | undefined;
  const token = /\\[\s\S]|["'{}[\]\n\r\t]|,(?=\s*(?:[}\]]|$))|-?\b(?:NaN|Infinity|undefined|None|True|False)\b/g;
  const text = source.replace(token, (found, at: number) => {
    if (quote !== undefined) {
      if (found !== quote || (quote === "'" && !endsHere(source, at + 1))) return inString(found);
      quote = undefined;
      return '"';
    }
    if (found === '"' || found === "'") quote = found;
    else if (found === '{') open.push('}');
    else if (found === '[') open.push(']');
    else if (found === open.at(-1)) open.pop();
    depth = Math.max(depth, open.length);
    return quote === undefined ? (literals.get(found) ?? found) : '"';
  });
  // A string that stands open is cut off: whether its end is missing or only its quote, nothing here can tell.
  return { text: quote === undefined ? text + open.reverse().join('') : text, depth };
}

/** Comments outside of strings, which jsonrepair does not survive where a string begins with a bracket. An open one lasts to the end. */
export function withoutComments(text: string): string {
  const stringOrComment =
    /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|'[^'\\]*(?:\\[\s\S][^'\\]*)*'|\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*/g;
  return text.replace(stringOrComment, (found) => (found.startsWith('/') ? '' : found));
}

/** What stands for a token outside of strings, if not itself. */
const literals: ReadonlyMap<string, string> = new Map([
  [',', ''],
  ...pythonConstants,
  ...['undefined', 'NaN', 'Infinity', '-Infinity'].map((name) => [name, 'null'] as const),
]);

/** Whether a string can have ended before `at`; what else stands there follows an apostrophe. */
function endsHere(source: string, at: number): boolean {
  const next = /\s*(?:[,:}\]]|$)/y;
  next.lastIndex = at;
  return next.test(source);
}

function inString(found: string): string {
  if (found === '"') return '\\"';
  if (found === "\\'") return "'";
  return found.length === 1 && found < ' ' ? escapeOf(found) : found;
}

function escapeOf(control: string): string {
  return JSON.stringify(control).slice(1, -1);
}
