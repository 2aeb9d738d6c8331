/** A call whose arguments stand behind its name as JSON. */
import { type Input, oneOf, type Run, restOfJson } from './run.ts';
import type { CallSink } from './types.ts';

/** Reads the arguments and hands them on as they come; undefined, and nothing is read or told, where none begin. The call is left open. */
export function* namedCall(input: Input, called: string, calls: CallSink): Run<boolean> {
  const bracket = called === '' ? undefined : yield* oneOf(input, '{');
  if (bracket === undefined) return false;
  calls.start(called);
  calls.arguments(bracket);
  yield* restOfJson(input, bracket, calls.arguments);
  return true;
}
