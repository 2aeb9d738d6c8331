/**
 * Calls written as JSON: `{"name": …, "arguments": {…}}` or an array of such. Seen in the wild: `parameters` instead of
 * `arguments`, either as a JSON string or missing, the call in a `function` of its own, and JSON in all but its quotes.
 */
import { parseJson } from '../protocol/json.ts';
import {
  ahead,
  atEnd,
  charactersOf,
  closing,
  collected,
  createReader,
  type Input,
  oneOf,
  position,
  type Run,
  restOfJson,
  space,
} from './run.ts';
import { isSpace } from './space.ts';
import type { CallReader, CallSink } from './types.ts';

interface JsonMarkup {
  /** What the JSON starts with: one call or an array of them. */
  readonly bracket: '{' | '[';
  /** May be missing where the answer ends or other markup begins. Undefined where the family writes none. */
  readonly closer?: string;
}

/** Reads white space, JSON, white space and the closing tag. */
export function readJsonCalls(calls: CallSink, { bracket, closer }: JsonMarkup): CallReader {
  return createReader(function* (input) {
    yield* space(input);
    if (!(yield* oneOf(input, bracket))) return position(input);
    const complete = yield* bracket === '{' ? readCall(input, calls) : readCalls(input, calls);
    if (complete === undefined) return position(input);
    const end = position(input);
    yield* space(input);
    // Other markup in the closing tag's place means that it was forgotten; anything else, that a bare name is no call.
    const closed = closer === undefined || (yield* closing(input, closer));
    if (closed || (yield* ahead(input, '<')) || (yield* atEnd(input))) complete();
    return closer === undefined ? end : position(input);
  });
}

/** Ends a call; one without arguments only starts now. */
type Complete = () => void;

/**
 * Reads a call object from behind its brace. The call is started when its arguments begin, and left for the caller to
 * complete; undefined where it is none.
 * @param isTool given where the object may be any other JSON: it is read no further than it takes to tell
 */
export function* readCall(
  input: Input,
  calls: CallSink,
  isTool?: (name: string) => boolean,
): Run<Complete | undefined> {
  if (isTool && !(yield* startsCall(input))) return undefined;
  const call: Envelope = {
    isTool: isTool ?? (() => true),
    name: undefined,
    arguments: undefined,
    started: false,
    inside: false,
  };
  const whole = yield* readMembers(input, call, calls);
  if (!call.started && (!whole || call.name === undefined)) return undefined;
  return () => {
    if (!call.started) start(call, calls);
    calls.end();
  };
}

/** Reads an array of call objects from behind its bracket. All but the last are complete. */
export function* readCalls(
  input: Input,
  calls: CallSink,
  isTool?: (name: string) => boolean,
): Run<Complete | undefined> {
  let complete: Complete | undefined;
  for (;;) {
    yield* space(input);
    if ((yield* oneOf(input, ']')) || (yield* atEnd(input))) return complete;
    if (!(yield* oneOf(input, '{'))) return undefined;
    complete?.();
    complete = yield* readCall(input, calls, isTool);
    if (complete === undefined) return undefined;
    yield* space(input);
    yield* oneOf(input, ',');
  }
}

function* startsCall(input: Input): Run<boolean> {
  yield* space(input);
  return Boolean(yield* ahead(input, '"name"', '"type"', '"function"', '"arguments"', '"parameters"'));
}

/** What is known of a call that is being read. */
interface Envelope {
  readonly isTool: (name: string) => boolean;
  name: string | undefined;
  /** Read before the name. */
  arguments: string | undefined;
  started: boolean;
  /** In the `function` of the object. */
  inside: boolean;
}

/** Reads from behind a brace to the closing one; false where no member follows. */
function* readMembers(input: Input, call: Envelope, calls: CallSink): Run<boolean> {
  for (;;) {
    yield* space(input);
    if (yield* oneOf(input, '}')) return true;
    const key = yield* word(input);
    yield* space(input);
    if (key === '' || !(yield* oneOf(input, ':'))) return call.started && (yield* atEnd(input));
    yield* space(input);
    if (!(yield* readMember(input, key, call, calls))) return false;
    yield* space(input);
    yield* oneOf(input, ',');
  }
}

function* readMember(input: Input, key: string, call: Envelope, calls: CallSink): Run<boolean> {
  if (key === 'name') {
    const name = (yield* ahead(input, '"', "'")) && (yield* word(input));
    if (!name || !call.isTool(name)) return false;
    call.name = name;
    if (call.arguments !== undefined) start(call, calls);
    return true;
  }
  if (argumentKeys.includes(key)) {
    if (call.started) return (yield* valueText(input)) !== '';
    if (call.name !== undefined) start(call, calls);
    call.arguments = '';
    yield* readValue(input, (piece) => {
      if (call.started) calls.arguments(piece);
      else call.arguments += piece;
    });
    return true;
  }
  if (key === 'function' && !call.inside && (yield* oneOf(input, '{'))) {
    call.inside = true;
    return yield* readMembers(input, call, calls);
  }
  if (key === 'type') return callTypes.includes(yield* word(input));
  return (yield* valueText(input)) !== '';
}

const argumentKeys = ['arguments', 'parameters', 'input'];
const callTypes = ['function', 'tool_use', 'tool_call'];

function start(call: Envelope, calls: CallSink): void {
  calls.start(call.name ?? '');
  call.started = true;
  if (call.arguments) calls.arguments(call.arguments);
}

function valueText(input: Input): Run<string> {
  return collected((say) => readValue(input, say));
}

/** Reads a value of any kind and hands it on as it comes and as it is written. */
function* readValue(input: Input, say: (piece: string) => void): Run<void> {
  const bracket = yield* oneOf(input, '{', '[');
  if (bracket !== undefined) {
    say(bracket);
    yield* restOfJson(input, bracket, say);
    return;
  }
  const quote = yield* oneOf(input, '"', "'");
  say(
    quote === undefined ? yield* charactersOf(input, isScalarCharacter) : quote + (yield* quoted(input, quote)) + quote,
  );
}

/** Reads a key or a name, quoted or not, and returns what it says. */
function* word(input: Input): Run<string> {
  const quote = yield* oneOf(input, '"', "'");
  if (quote === undefined) return yield* charactersOf(input, isWordCharacter);
  const raw = yield* quoted(input, quote);
  const said = parseJson(`"${raw}"`);
  return said.ok && typeof said.value === 'string' ? said.value : raw;
}

/** Reads from behind a quote past the closing one and returns what stands between them, escapes and all. */
function* quoted(input: Input, quote: string): Run<string> {
  let escaped = false;
  const text = yield* charactersOf(input, (character) => {
    if (character === quote && !escaped) return false;
    escaped = character === '\\' && !escaped;
    return true;
  });
  yield* oneOf(input, quote);
  return text;
}

const isWordCharacter = (character: string) => /[\w.-]/.test(character);
const isScalarCharacter = (character: string) => !isSpace(character) && !/[,}\]<]/.test(character);
