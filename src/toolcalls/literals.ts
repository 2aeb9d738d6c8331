/** Values that are JSON in all but the spelling of their strings, keys and constants. */
import { charactersOf, type Input, oneOf, type Run, space } from './run.ts';

export interface Dialect {
  /** Reads a string and returns what it says; undefined where none begins, and nothing is read. */
  readonly string: (input: Input) => Run<string | undefined>;
  /** JSON for an unquoted value. */
  readonly scalar: (word: string) => string | undefined;
}

/** Reads a value and returns it as JSON; undefined where it breaks off. */
function* readValue(input: Input, dialect: Dialect, depth: number): Run<string | undefined> {
  // Deeper than any input may be: see tool-input.ts.
  if (depth > 100) return undefined;
  yield* space(input);
  const string = yield* dialect.string(input);
  if (string !== undefined) return JSON.stringify(string);
  if (yield* oneOf(input, '{')) return yield* readMembers(input, dialect, ':', '}', depth + 1);
  if (yield* oneOf(input, '[')) {
    const items = yield* readItems(input, ']', () => readValue(input, dialect, depth + 1));
    return items && `[${items.join()}]`;
  }
  return dialect.scalar(yield* charactersOf(input, isWordCharacter));
}

/** Reads from behind an opening bracket to the closing one and returns a JSON object. */
export function* readMembers(
  input: Input,
  dialect: Dialect,
  sign: ':' | '=',
  close: '}' | ')',
  depth = 0,
): Run<string | undefined> {
  function* readMember(): Run<string | undefined> {
    const key = (yield* dialect.string(input)) ?? (yield* charactersOf(input, isWordCharacter));
    yield* space(input);
    if (key === '' || !(yield* oneOf(input, sign))) return undefined;
    const value = yield* readValue(input, dialect, depth);
    return value && `${JSON.stringify(key)}:${value}`;
  }

  const members = yield* readItems(input, close, readMember);
  return members && `{${members.join()}}`;
}

function* readItems(
  input: Input,
  close: string,
  readItem: () => Run<string | undefined>,
): Run<readonly string[] | undefined> {
  const items: string[] = [];
  for (;;) {
    yield* space(input);
    if (yield* oneOf(input, close)) return items;
    const item = yield* readItem();
    if (item === undefined) return undefined;
    items.push(item);
    yield* space(input);
    if (!(yield* oneOf(input, ','))) return (yield* oneOf(input, close)) ? items : undefined;
  }
}

const isWordCharacter = (character: string) => /[\w.+-]/.test(character);
