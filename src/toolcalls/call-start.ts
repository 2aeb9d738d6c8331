import { type Input, name, oneOf, type Run, space } from './run.ts';
import type { Tools } from './types.ts';

/**
 * Reads a call object from behind its bracket, in answers that may be any JSON, as far as it takes to tell: up to the name
 * where that comes first. Returns what was read; undefined as soon as it is no call of a known tool.
 */
export function* callStart(input: Input, tools: Tools): Run<string | undefined> {
  const before = yield* space(input);
  const key = yield* oneOf(input, '"name"', '"type"', '"arguments"', '"parameters"');
  if (key === undefined) return undefined;
  const between = yield* space(input);
  if (!(yield* oneOf(input, ':'))) return undefined;
  const start = `${before}${key}${between}:${yield* space(input)}`;
  if (key === '"type"') return (yield* oneOf(input, '"function"')) && `${start}"function"`;
  if (key !== '"name"') return start;
  if (!(yield* oneOf(input, '"'))) return undefined;
  const called = yield* name(input);
  return tools.has(called) ? `${start}"${called}` : undefined;
}
