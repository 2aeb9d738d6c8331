/** Values that are JSON in all but the spelling of their strings, keys and constants. */

import { ahead, atEnd, charactersOf, type Input, oneOf, type Run, space } from './run.ts';
import { createStringWriter } from './string-writer.ts';

export interface Dialect {
  /** Reads a string and hands on what it says, as it comes; false where none begins, and nothing is read. */
  readonly string: (input: Input, say: (text: string) => void) => Run<boolean>;
  /** What an unquoted value is made of. */
  readonly isWordCharacter: (character: string) => boolean;
  /** JSON for an unquoted value. */
  readonly scalar: (word: string) => string | undefined;
}

type Say = (json: string) => void;

/** Reads from behind an opening bracket to the closing one and hands on a JSON object; false where it breaks off. */
export function readMembers(
  input: Input,
  dialect: Dialect,
  sign: ':' | '=',
  close: '}' | ')',
  say: Say,
  depth = 0,
): Run<boolean> {
  function* readMember(): Run<boolean> {
    let key = '';
    const quoted = yield* dialect.string(input, (text) => {
      key += text;
    });
    if (!quoted) key = yield* charactersOf(input, isWordCharacter);
    yield* space(input);
    if (key === '' || !(yield* oneOf(input, sign))) return false;
    say(`${JSON.stringify(key)}:`);
    return yield* readValue(input, dialect, say, depth);
  }

  return readItems(input, '{', close, '}', say, readMember);
}

/** Reads a value and hands it on as JSON; false where it breaks off. */
function* readValue(input: Input, dialect: Dialect, say: Say, depth: number): Run<boolean> {
  // Deeper than any input may be: see tool-input.ts.
  if (depth > 100) return false;
  yield* space(input);
  if (yield* ahead(input, '{', '[')) return yield* readNested(input, dialect, say, depth + 1);
  if (yield* readString(input, dialect, say)) return true;
  const json = dialect.scalar(yield* charactersOf(input, dialect.isWordCharacter));
  if (json !== undefined) say(json);
  return json !== undefined;
}

function* readNested(input: Input, dialect: Dialect, say: Say, depth: number): Run<boolean> {
  if (yield* oneOf(input, '{')) return yield* readMembers(input, dialect, ':', '}', say, depth);
  yield* oneOf(input, '[');
  return yield* readItems(input, '[', ']', ']', say, () => readValue(input, dialect, say, depth));
}

function* readString(input: Input, dialect: Dialect, say: Say): Run<boolean> {
  const writer = createStringWriter(say);
  const found = yield* dialect.string(input, writer.add);
  if (found) writer.end();
  return found;
}

function* readItems(
  input: Input,
  open: string,
  close: string,
  closeAs: string,
  say: Say,
  readItem: () => Run<boolean>,
): Run<boolean> {
  say(open);
  for (let first = true; ; first = false) {
    yield* space(input);
    if ((yield* oneOf(input, close)) || (yield* atEnd(input))) break;
    if (!first) say(',');
    if (!(yield* readItem())) return false;
    yield* space(input);
    if (yield* oneOf(input, ',')) continue;
    if ((yield* oneOf(input, close)) || (yield* atEnd(input))) break;
    return false;
  }
  say(closeAs);
  return true;
}

export const isWordCharacter = (character: string) => /[\w.+-]/.test(character);
