/**
 * DeepSeek: V3 and R1 write `function`, a separator, the name and the arguments in a fence; V3.1 the name, a separator and
 * the arguments. The bars in the tokens are U+FF5C and the low lines U+2581.
 */
import { namedCall } from './named-call.ts';
import { type Input, name, oneOf, type Run, space } from './run.ts';
import { sectionGrammar } from './section.ts';
import type { CallSink } from './types.ts';

export const deepseek = sectionGrammar(
  {
    sectionBegin: ['<｜tool▁calls▁begin｜>'],
    sectionEnd: ['<｜tool▁calls▁end｜>'],
    callBegin: '<｜tool▁call▁begin｜>',
    callEnd: ['```', '<｜tool▁call▁end｜>'],
  },
  readCall,
);

function* readCall(input: Input, calls: CallSink): Run<boolean> {
  yield* space(input);
  const before = yield* name(input);
  if (!(yield* oneOf(input, '<｜tool▁sep｜>'))) return false;
  yield* space(input);
  if (yield* namedCall(input, before, calls)) return true;
  const called = yield* name(input);
  yield* space(input);
  if (!(yield* oneOf(input, '```json'))) return false;
  yield* space(input);
  return yield* namedCall(input, called, calls);
}
