/** Reads the arguments of one call, an object as a model wrote it, member by member as it comes. */
import { parseJson } from '../protocol/json.ts';
import { pythonConstants } from './python-constants.ts';
import { atEnd, charactersOf, type Input, oneOf, type Run, restOfJson, space } from './run.ts';
import { isSpace } from './space.ts';

export interface MemberSink {
  /** Whether this value, a string, is wanted as it comes. */
  wantsPieces(key: string): boolean;
  /** A piece of that string, escaped as in JSON. */
  piece(json: string): void;
  /** That string is complete. */
  closed(): void;
  /** A whole value; a string is JSON, anything else is as it was written. */
  value(key: string, text: string): void;
  /** Something had to be put right. */
  mended(): void;
}

/** False as soon as the text is not what JSON's structure wants. */
export function* readArguments(input: Input, sink: MemberSink): Run<boolean> {
  yield* space(input);
  if (!(yield* oneOf(input, '{'))) return false;
  for (let comma = false; ; ) {
    yield* space(input);
    if (yield* oneOf(input, '}')) {
      if (comma) sink.mended();
      return true;
    }
    const key = yield* readKey(input, sink);
    if (key === undefined || !(yield* readValue(input, key, sink))) return false;
    yield* space(input);
    comma = Boolean(yield* oneOf(input, ','));
    if (!comma) return Boolean(yield* oneOf(input, '}'));
  }
}

function* readKey(input: Input, sink: MemberSink): Run<string | undefined> {
  if (!(yield* oneOf(input, '"'))) return undefined;
  const json = parseJson(yield* wholeString(input, sink));
  yield* space(input);
  if (!json.ok || !(yield* oneOf(input, ':'))) return undefined;
  yield* space(input);
  return typeof json.value === 'string' ? json.value : undefined;
}

/** False where the value breaks off, or is none. */
function* readValue(input: Input, key: string, sink: MemberSink): Run<boolean> {
  const start = yield* oneOf(input, '"', '{', '[');
  if (start === '"') return yield* readStringValue(input, key, sink);
  if (start !== undefined) {
    let text: string = start;
    const closed = yield* restOfJson(input, start, (piece) => {
      text += piece;
    });
    if (closed) sink.value(key, text);
    return closed;
  }
  const word = yield* charactersOf(input, (character) => !isSpace(character) && !/[,}\]]/.test(character));
  const literal = pythonConstants.get(word);
  if (literal) sink.mended();
  if (!literal && (!parseJson(word).ok || (yield* atEnd(input)))) return false;
  sink.value(key, literal ?? word);
  return true;
}

function* readStringValue(input: Input, key: string, sink: MemberSink): Run<boolean> {
  if (!sink.wantsPieces(key)) {
    const text = yield* wholeString(input, sink);
    if (text === '') return false;
    sink.value(key, text);
    return true;
  }
  const closed = yield* readString(input, sink.piece, sink.mended);
  if (closed) sink.closed();
  return closed;
}

/** The string behind an opening quote as JSON; empty where it breaks off. */
function* wholeString(input: Input, sink: MemberSink): Run<string> {
  let text = '"';
  const add = (piece: string) => {
    text += piece;
  };
  return (yield* readString(input, add, sink.mended)) ? `${text}"` : '';
}

const plain = /[^"\\\p{Cc}]+/uy;

/** Reads from behind an opening quote past the closing one, once for each piece of text; false where the text ends before it. */
function* readString(input: Input, say: (json: string) => void, mended: () => void): Run<boolean> {
  let said = '';
  const flush = () => {
    if (said !== '') say(said);
    said = '';
  };

  for (;;) {
    plain.lastIndex = input.index;
    const run = plain.exec(input.text)?.[0] ?? '';
    said += run;
    input.index += run.length;
    const next = input.text.charAt(input.index);
    if (next === '"') break;
    if (next === '') {
      flush();
      if (yield* atEnd(input)) return false;
    } else if (next === '\\') {
      if (input.text.length - input.index < longestEscape) flush();
      const written = yield* readEscape(input);
      const meant = mendedEscape(written);
      if (meant !== written) mended();
      said += meant;
    } else {
      input.index++;
      if (next < ' ') mended();
      said += next < ' ' ? JSON.stringify(next).slice(1, -1) : next;
    }
  }
  input.index++;
  flush();
  return true;
}

const longestEscape = '\\u0000'.length;

/** Reads a backslash and what belongs to it. */
function* readEscape(input: Input): Run<string> {
  const known = () => input.text.slice(input.index, input.index + longestEscape);
  while (!input.ended && /^\\(?:u[\da-f]{0,3})?$/i.test(known())) yield;
  const [raw = ''] = /^\\(?:u[\da-f]{4}|.)?/is.exec(known()) ?? [];
  input.index += raw.length;
  return raw;
}

/** A backslash before anything that JSON knows no escape for was meant as itself: a pattern's `\d`, a shell's `\$`. */
function mendedEscape(raw: string): string {
  if (/^\\(?:u.{4}|["\\/bfnrt])$/.test(raw)) return raw;
  return raw === "\\'" ? "'" : `\\\\${JSON.stringify(raw.slice(1)).slice(1, -1)}`;
}
