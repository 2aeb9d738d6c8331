/** Reads tool calls and leading thinking out of the text of engines that leave their model's markup in it. */
import { type EngineSink, isAside } from '../protocol/engine.ts';
import { createMarkers, type Markers } from '../protocol/markers.ts';
import { readChannels } from './channels.ts';
import { families } from './families.ts';
import { hermes } from './hermes.ts';
import { readThinking } from './thinking.ts';
import { type Together, together } from './together.ts';
import type { CallReader, Grammar, ToolCall, Tools } from './types.ts';

export interface ReadOptions {
  /** What can be called; markup naming any other tool stays text. */
  readonly tools: Tools;
  /** `auto`: every family there is, all at once. */
  readonly grammar: 'auto' | 'hermes';
  /** The prompt ended in `<think>`, so the answer starts with thinking. */
  readonly thinkingOpened?: boolean;
}

interface Watched {
  readonly grammar: Together;
  readonly openers: Markers;
}

function watch(families: readonly Grammar[]): Watched {
  const grammar = together(families);
  return { grammar, openers: createMarkers(grammar.openers) };
}

const grammars: Readonly<Record<ReadOptions['grammar'], Watched>> = {
  auto: watch(families),
  hermes: watch([hermes]),
};

/** A stage that turns markup into tool-call and thinking events; only what is or may become markup is held back. */
export function readToolCalls(next: EngineSink, options: ReadOptions): EngineSink {
  const calls = options.tools.size > 0 ? readCalls(next, options.tools, grammars[options.grammar]) : next;
  return readChannels(readThinking(calls, options.thinkingOpened ?? false));
}

/** Markup that has begun and is not yet told to be a call or not. */
interface Markup {
  readonly opener: string;
  readonly reader: CallReader;
  /** All text after the opener. */
  body: string;
}

function readCalls(next: EngineSink, tools: Tools, { grammar, openers }: Watched): EngineSink {
  const { firstOpeners } = grammar;
  let markup: Markup | undefined;
  /** Nothing but white space was read so far. */
  let first = firstOpeners.length > 0;
  /** What may be the start of an opener. */
  let held = '';
  /** White space that is dropped if a call follows, or if it only parts a call from text: templates write their own there. */
  let space = '';
  let afterCall = false;
  let called = false;

  const say = (text: string) => {
    const end = text.trimEnd();
    if (end !== '') {
      next.push({ type: 'text', text: afterCall ? end.trimStart() : space + end });
      space = '';
      afterCall = false;
    }
    space += text.slice(end.length);
  };

  const call = (calls: readonly ToolCall[]) => {
    for (const { name, arguments: json } of calls) {
      next.push({ type: 'toolCallStart', name });
      next.push({ type: 'toolCallArguments', json });
      next.push({ type: 'toolCallEnd' });
    }
    space = '';
    afterCall = true;
    called = true;
  };

  const callOrSay = (calls: readonly ToolCall[], raw: string) => {
    if (calls.length > 0 && calls.every(({ name }) => tools.has(name))) call(calls);
    else say(raw);
  };

  const open = (opener: string, first: boolean) => {
    markup = { opener, reader: grammar.open(opener, tools, first), body: '' };
  };

  /** Reads what an answer starts with and returns what stands behind it. */
  const readFirst = (piece: string): string => {
    const text = held + piece;
    const start = text.trimStart();
    say(text.slice(0, text.length - start.length));
    held = start;
    if (firstOpeners.some((opener) => opener.length > start.length && opener.startsWith(start))) return '';
    first = false;
    held = '';
    const opener = firstOpeners.find((opener) => start.startsWith(opener));
    if (opener === undefined) return start;
    open(opener, true);
    return start.slice(opener.length);
  };

  /** Reads up to the next opener and returns what stands behind it. */
  const readText = (piece: string): string => {
    const text = held + piece;
    const { cut, marker } = openers.scan(text);
    say(text.slice(0, cut));
    held = marker === undefined ? text.slice(cut) : '';
    if (marker === undefined) return '';
    open(marker, false);
    return text.slice(cut + marker.length);
  };

  const readPiece = (piece: string): string => {
    if (markup) return readMarkup(markup, piece);
    return first ? readFirst(piece) : readText(piece);
  };

  /** Reads on in the open markup and returns what stands behind its end. */
  const readMarkup = (open: Markup, piece: string): string => {
    const reading = open.reader.read(piece);
    open.body += piece;
    if (reading.state === 'more') return '';
    markup = undefined;
    callOrSay(reading.state === 'calls' ? reading.calls : [], open.opener + open.body.slice(0, reading.at));
    return open.body.slice(reading.at);
  };

  /** Nothing more comes that could complete what is held. A call cut off by the token limit is nobody's answer. */
  const settle = (cutOff: boolean) => {
    if (markup && cutOff && isText(markup)) say(markup.opener + markup.body);
    else if (markup && cutOff) space = '';
    else if (markup) callOrSay(markup.reader.end(), markup.opener + markup.body);
    markup = undefined;
    say(held);
    held = '';
    if (space !== '' && !afterCall) next.push({ type: 'text', text: space });
    space = '';
  };

  return {
    push(event) {
      if (event.type === 'text') {
        for (let rest = event.text; rest !== ''; ) rest = readPiece(rest);
        return;
      }
      if (isAside(event) || event.type === 'failed') return next.push(event);
      settle(event.type === 'ended' && event.reason === 'max_tokens');
      const toolUse = called && event.type === 'ended' && event.reason !== 'max_tokens';
      next.push(toolUse ? { type: 'ended', reason: 'tool_use' } : event);
    },
    flush: () => next.flush(),
  };
}

/** A bracket or a brace with hardly anything behind it is more likely the last word of a text than the start of a call. */
function isText({ opener, body }: Markup): boolean {
  return opener.length < 6 && body.length < 8;
}
