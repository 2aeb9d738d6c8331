/** Keyword arguments as Python writes them: `(key="value", other=[1, True])`. */
import { parseJson } from '../protocol/json.ts';
import { type Dialect, isWordCharacter, readMembers } from './literals.ts';
import { pythonConstants } from './python-constants.ts';
import { atEnd, charactersOf, type Input, oneOf, type Run } from './run.ts';

/** Reads from the opening bracket to the closing one and hands on a JSON object; false for anything but literals. */
export function* keywordArguments(input: Input, say: (json: string) => void): Run<boolean> {
  if (!(yield* oneOf(input, '('))) return false;
  return yield* readMembers(input, python, '=', ')', say);
}

const python: Dialect = {
  string: readString,
  isWordCharacter,
  scalar: (word) => pythonConstants.get(word) ?? (parseJson(word).ok ? word : undefined),
};

function* readString(input: Input, say: (text: string) => void): Run<boolean> {
  const quote = yield* oneOf(input, '"', "'");
  if (quote === undefined) return false;
  if (!(yield* oneOf(input, quote))) say(yield* readQuoted(input, quote, quote));
  else if (yield* oneOf(input, quote)) say(yield* readQuoted(input, quote, quote.repeat(3)));
  return true;
}

function* readQuoted(input: Input, quote: string, close: string): Run<string> {
  let text = '';
  for (;;) {
    text += yield* charactersOf(input, (character) => character !== quote && character !== '\\');
    if (yield* oneOf(input, '\\')) text += yield* readEscape(input);
    else if ((yield* oneOf(input, close)) || (yield* atEnd(input))) return text;
    else text += yield* readCharacters(input, 1);
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };
const digits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function* readEscape(input: Input): Run<string> {
  const kind = yield* readCharacters(input, 1);
  const length = digits[kind];
  if (length === undefined) return escapes[kind] ?? (/["'\\]/.test(kind) ? kind : `\\${kind}`);
  const hex = yield* readCharacters(input, length);
  const code = /^[\da-f]+$/i.test(hex) ? Number.parseInt(hex, 16) : Number.POSITIVE_INFINITY;
  return code <= 0x10ffff ? String.fromCodePoint(code) : `\\${kind}${hex}`;
}

function* readCharacters(input: Input, count: number): Run<string> {
  let left = count;
  return yield* charactersOf(input, () => left-- > 0);
}
