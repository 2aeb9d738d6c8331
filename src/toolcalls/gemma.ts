/**
 * Gemma 4: `<|tool_call>call:NAME{key:<|"|>text<|"|>,n:1}<tool_call|>`, its keys bare and its strings between tokens. When its
 * template is not used it writes Python: `call:NAME(key="text")`, or the same behind `tool_code =` or in a `tool_code` fence.
 */
import { parseJson } from '../protocol/json.ts';
import { createMarkers } from '../protocol/markers.ts';
import { type Dialect, readMembers } from './literals.ts';
import { namedCall } from './named-call.ts';
import { keywordArguments } from './python.ts';
import { createReader, type Input, name, oneOf, position, type Run, space, until } from './run.ts';
import type { Grammar, ToolCall, Tools } from './types.ts';

const opener = '<|tool_call>';
const fence = '```tool_code';
const quote = '<|"|>';
const quotes = createMarkers([quote]);

export const gemma: Grammar = {
  openers: [opener, fence, 'tool_code =', 'call:'],
  open(opened, tools) {
    if (opened === opener) return createReader(readTagged);
    if (opened === fence) return createReader((input, found) => readFenced(input, found, tools));
    return createReader((input, found) => readBare(input, found, tools));
  },
};

const dialect: Dialect = {
  *string(input) {
    return (yield* oneOf(input, quote)) && (yield* until(input, quotes));
  },
  scalar: (word) => (parseJson(word).ok ? word : undefined),
};

function* readTagged(input: Input, found: ToolCall[]): Run<number> {
  yield* space(input);
  if (!(yield* oneOf(input, 'call:'))) return position(input);
  const called = yield* name(input);
  if (!(yield* oneOf(input, '{'))) return position(input);
  const call = namedCall(called, yield* readMembers(input, dialect, ':', '}'));
  if (call === undefined) return position(input);
  found.push(call);
  const end = position(input);
  yield* space(input);
  return (yield* oneOf(input, '<tool_call|>')) ? position(input) : end;
}

function* readFenced(input: Input, found: ToolCall[], tools: Tools): Run<number> {
  let end = position(input);
  for (let call = yield* readPython(input, tools); call; call = yield* readPython(input, tools)) {
    found.push(call);
    end = position(input);
    yield* space(input);
    if (yield* oneOf(input, '```')) return position(input);
  }
  return end;
}

function* readBare(input: Input, found: ToolCall[], tools: Tools): Run<number> {
  const call = yield* readPython(input, tools);
  if (call) found.push(call);
  return position(input);
}

function* readPython(input: Input, tools: Tools): Run<ToolCall | undefined> {
  yield* space(input);
  const called = yield* name(input);
  return tools.has(called) ? namedCall(called, yield* keywordArguments(input)) : undefined;
}
