/** Reads tool calls and leading thinking out of the text of engines that leave their model's markup in it. */
import type { EngineSink } from '../protocol/engine.ts';
import { createMarkers, type Markers } from '../protocol/markers.ts';
import { readBareChannels } from './bare-channels.ts';
import { readChannels } from './channels.ts';
import type { CountCall } from './count-call.ts';
import { families } from './families.ts';
import { fitCalls } from './fit-calls.ts';
import { hermes } from './hermes.ts';
import type { Recording } from './recorded.ts';
import { textStage } from './text-stage.ts';
import { readThinking } from './thinking.ts';
import { type Race, type Together, together } from './together.ts';
import type { Tools } from './tool-set.ts';
import type { CallSink, Grammar } from './types.ts';

export interface ReadOptions {
  /** What can be called; markup naming any other tool is text, unless the answer ends in it. */
  readonly tools: Tools;
  /** `auto`: every family there is, all at once. */
  readonly grammar: 'auto' | 'hermes';
  /** The prompt ended in `<think>`, so the answer starts with thinking. */
  readonly thinkingOpened?: boolean;
  /** Hears what became of each call. */
  readonly count?: CountCall;
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

/**
 * A stage that turns markup into thinking and tool calls that fit their tools. Only what is or may become markup is held
 * back, and of arguments only what is not certain yet.
 */
export function readToolCalls(next: EngineSink, options: ReadOptions): EngineSink {
  const { tools, grammar, thinkingOpened = false, count } = options;
  const fitted = fitCalls(next, tools, count);
  const calls = tools.size > 0 ? readMarkup(fitted, tools, grammars[grammar]) : fitted;
  return readChannels(readBareChannels(readThinking(calls, thinkingOpened)));
}

/** Markup that has begun. */
interface Markup {
  readonly opener: string;
  readonly reader: Race;
  /** All text after the opener. */
  body: string;
}

/** Well-formed calls of unknown tools: text if more text follows, else what the model meant to do. */
interface Doubt {
  /** All of it as it is written, with the white space before it. */
  raw: string;
  readonly calls: Recording[];
}

function readMarkup(next: EngineSink, tools: Tools, { grammar, openers }: Watched): EngineSink {
  const { firstOpeners } = grammar;
  let markup: Markup | undefined;
  let doubt: Doubt | undefined;
  /** Nothing but white space was read so far. */
  let first = firstOpeners.length > 0;
  /** What may be the start of an opener. */
  let held = '';
  /** White space that is dropped if a call follows, or if it only parts a call from text: templates write their own there. */
  let space = '';
  let afterCall = false;
  let callOpen = false;
  /** Nothing but white space stands in the line so far. */
  let lineBlank = true;

  const say = (text: string) => {
    const end = text.trimEnd();
    if (end !== '') {
      const said = (doubt?.raw ?? '') + space + end;
      next.push({ type: 'text', text: afterCall ? said.trimStart() : said });
      doubt = undefined;
      space = '';
      afterCall = false;
      lineBlank = false;
    }
    const rest = text.slice(end.length);
    space += rest;
    lineBlank ||= rest.includes('\n');
  };

  const calls: CallSink = {
    start(name) {
      endCall();
      callInDoubt();
      space = '';
      next.push({ type: 'toolCallStart', name, from: 'text' });
      callOpen = true;
    },
    arguments: (json) => next.push({ type: 'toolCallArguments', json }),
    end: () => endCall(),
  };

  const endCall = () => {
    if (!callOpen) return;
    next.push({ type: 'toolCallEnd' });
    callOpen = false;
    afterCall = true;
    lineBlank = true;
  };

  const callInDoubt = () => {
    const doubtful = doubt?.calls ?? [];
    doubt = undefined;
    for (const recording of doubtful) recording.replay(calls);
  };

  const open = (opener: string, first: boolean) => {
    markup = { opener, reader: grammar.open(opener, tools, calls, first), body: '' };
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

  const read = (text: string) => {
    for (let rest = text; rest !== ''; ) rest = readPiece(rest);
  };

  const readPiece = (piece: string): string => {
    if (markup) return readOn(markup, piece);
    return first ? readFirst(piece) : readText(piece);
  };

  /** Reads on in the open markup and returns what stands behind its end. */
  const readOn = (open: Markup, piece: string): string => {
    const reading = open.reader.read(piece);
    open.body += piece;
    if (reading.state === 'more') return '';
    close(open, reading.at);
    return open.body.slice(reading.at);
  };

  const close = ({ opener, reader, body }: Markup, at: number) => {
    markup = undefined;
    const raw = opener + body.slice(0, at);
    if (reader.won) return endCall();
    if (!reader.unknown || !lineBlank) return say(raw);
    doubt = { raw: (doubt?.raw ?? '') + space + raw, calls: [...(doubt?.calls ?? []), reader.unknown] };
    space = '';
  };

  /** Nothing more comes that could complete what is held. */
  const settle = () => {
    while (markup) {
      const { reader, body } = markup;
      const at = reader.end();
      close(markup, at);
      read(body.slice(at));
    }
    say(held);
    held = '';
  };

  /** An engine whose own parser reads a call may have let go of the beginning of its markup first. */
  const dropScrap = () => {
    const scrap = markup ? markup.opener + markup.body : held;
    if (scrap.length < shortestScrap || !grammar.openers.some((opener) => opener.startsWith(scrap))) return;
    markup = undefined;
    held = '';
  };

  /** A call cut off by the token limit is nobody's answer. */
  const cutOff = () => {
    if (markup && isText(markup)) say(markup.opener + markup.body);
    else if (markup) space = '';
    markup = undefined;
    say(held);
    held = '';
  };

  const sayRest = () => {
    const text = (doubt?.raw ?? '') + space;
    if (text !== '' && !(afterCall && text.trim() === '')) next.push({ type: 'text', text });
    doubt = undefined;
    space = '';
  };

  return textStage(next, read, (before) => {
    if (before.type === 'toolCallStart') dropScrap();
    if (before.type === 'ended' && before.reason === 'max_tokens') cutOff();
    else settle();
    if (before.type === 'ended' && before.reason === 'end_turn') callInDoubt();
    sayRest();
  });
}

/** A shorter one may be the end of a text. */
const shortestScrap = 6;

/**
 * What markup is that was cut off: text when it names a tool that nobody knows, or is no more than a bracket or a brace, which
 * is more likely the last word of a text than the start of a call.
 */
function isText({ opener, body, reader }: Markup): boolean {
  return !reader.won && (reader.named || (opener.length < 6 && body.length < 8));
}
