/** GLM 4.5 and later, Poolside: `<tool_call>NAME\n<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n</tool_call>`. */
import { createMarkers } from '../protocol/markers.ts';
import { type BareArguments, bareArguments } from './bare-arguments.ts';
import {
  ahead,
  atEnd,
  closing,
  collected,
  createReader,
  type Input,
  name,
  oneOf,
  position,
  type Run,
  space,
  until,
} from './run.ts';
import { valueReader } from './tagged-value.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const opener = '<tool_call>';
const closer = '</tool_call>';
const keyOpener = '<arg_key>';
const keyEnds = createMarkers(['</arg_key>']);
const valueCloser = '</arg_value>';
const readValue = valueReader(valueCloser, [keyOpener, closer]);

export const glm: Grammar = {
  openers: [opener],
  open: (_, tools, calls) => createReader((input) => readCall(input, tools, calls)),
};

function* readCall(input: Input, tools: Tools, calls: CallSink): Run<number> {
  yield* space(input);
  const called = yield* name(input);
  yield* space(input);
  if (called === '' || !(yield* ahead(input, keyOpener, valueCloser, closer))) return position(input);
  calls.start(called);
  yield* readArguments(input, bareArguments(calls, tools.find(called), false));
  yield* oneOf(input, valueCloser);
  if ((yield* closing(input, closer)) || (yield* atEnd(input))) calls.end();
  return position(input);
}

function* readArguments(input: Input, written: BareArguments): Run<void> {
  while (yield* oneOf(input, keyOpener)) {
    const key = yield* collected((say) => until(input, keyEnds, say));
    yield* space(input);
    const opened = yield* oneOf(input, '<arg_value>');
    if (yield* atEnd(input)) break;
    written.key(key.trim());
    if (opened) yield* readValue(input, written.text);
    else yield* readUnopened(input, written);
    yield* space(input);
  }
  written.end();
}

function* readUnopened(input: Input, written: BareArguments): Run<void> {
  const value = yield* collected((say) => readValue(input, say));
  written.text(value.trimEnd());
}
