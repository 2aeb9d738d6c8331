/**
 * Gemma 4: `<|tool_call>call:NAME{key:<|"|>text<|"|>,n:1}<tool_call|>`, its keys bare and its strings between tokens. When its
 * template is not used it writes Python: `call:NAME(key="text")`, or the same behind `tool_code =` or in a `tool_code` fence.
 */
import { parseJson } from '../protocol/json.ts';
import { createMarkers } from '../protocol/markers.ts';
import { type Dialect, readMembers } from './literals.ts';
import { keywordArguments } from './python.ts';
import { createRecording } from './recorded.ts';
import { closing, createReader, type Input, name, oneOf, position, type Run, space, until } from './run.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

const opener = '<|tool_call>';
const fence = '```tool_code';
const quote = '<|"|>';
const quotes = createMarkers([quote]);

export const gemma: Grammar = {
  openers: [opener, fence, 'tool_code =', 'call:'],
  open(opened, tools, calls) {
    if (opened === opener) return createReader((input) => readTagged(input, calls));
    if (opened === fence) return createReader((input) => readFenced(input, tools, calls));
    return createReader((input) => readBare(input, tools, calls));
  },
};

const dialect: Dialect = {
  *string(input, say) {
    if (!(yield* oneOf(input, quote))) return false;
    yield* until(input, quotes, say);
    return true;
  },
  // Models forget the delimiters.
  isWordCharacter: (character) => !/[,{}[\]<\n]/.test(character),
  scalar: (word) => (parseJson(word).ok ? word : JSON.stringify(word.trim())),
};

function* readTagged(input: Input, calls: CallSink): Run<number> {
  yield* space(input);
  if (!(yield* oneOf(input, 'call:'))) return position(input);
  const called = yield* name(input);
  if (!(yield* oneOf(input, '{'))) return position(input);
  calls.start(called);
  if (!(yield* readMembers(input, dialect, ':', '}', calls.arguments))) return position(input);
  calls.end();
  const end = position(input);
  yield* space(input);
  return (yield* closing(input, '<tool_call|>')) ? position(input) : end;
}

function* readFenced(input: Input, tools: Tools, calls: CallSink): Run<number> {
  let end = position(input);
  while (yield* readPython(input, tools, calls)) {
    end = position(input);
    yield* space(input);
    if (yield* oneOf(input, '```')) return position(input);
  }
  return end;
}

function* readBare(input: Input, tools: Tools, calls: CallSink): Run<number> {
  yield* readPython(input, tools, calls);
  return position(input);
}

function* readPython(input: Input, tools: Tools, calls: CallSink): Run<boolean> {
  yield* space(input);
  const called = yield* name(input);
  const recording = createRecording();
  recording.start(called);
  if (!tools.find(called) || !(yield* keywordArguments(input, recording.arguments))) return false;
  recording.end();
  recording.replay(calls);
  return true;
}
