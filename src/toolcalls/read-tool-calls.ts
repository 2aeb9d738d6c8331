/** Reads tool calls and leading thinking out of the text of engines that leave their model's markup in it. */
import { type EngineSink, isAside } from '../protocol/engine.ts';
import { findMarker, heldBack } from '../protocol/markers.ts';
import { hermes } from './hermes.ts';
import { readThinking } from './thinking.ts';
import type { CallReader, Grammar, ToolCall } from './types.ts';

export interface ReadOptions {
  /** Names that can be called; markup naming any other tool stays text. */
  readonly tools: ReadonlySet<string>;
  readonly grammar: 'auto' | 'hermes';
  /** The prompt ended in `<think>`, so the answer starts with thinking. */
  readonly thinkingOpened?: boolean;
}

const grammars: Readonly<Record<ReadOptions['grammar'], readonly Grammar[]>> = { auto: [hermes], hermes: [hermes] };

/** A stage that turns markup into tool-call and thinking events; only what is or may become markup is held back. */
export function readToolCalls(next: EngineSink, options: ReadOptions): EngineSink {
  const calls = options.tools.size > 0 ? readCalls(next, options.tools, grammars[options.grammar]) : next;
  return readThinking(calls, options.thinkingOpened ?? false);
}

/** Markup that has begun and is not yet told to be a call or not. */
interface Markup {
  readonly opener: string;
  readonly reader: CallReader;
  /** All text after the opener. */
  body: string;
}

function readCalls(next: EngineSink, tools: ReadonlySet<string>, families: readonly Grammar[]): EngineSink {
  const openers = families.flatMap((family) => family.openers);
  let markup: Markup | undefined;
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

  /** Reads up to the next opener and returns what stands behind it. */
  const readText = (piece: string): string => {
    const text = held + piece;
    const hit = findMarker(text, openers);
    const cut = hit ? hit.index : text.length - heldBack(text, openers);
    say(text.slice(0, cut));
    held = hit ? '' : text.slice(cut);
    const family = families.find(({ openers }) => hit && openers.includes(hit.marker));
    if (!hit || !family) return '';
    markup = { opener: hit.marker, reader: family.open(hit.marker), body: '' };
    return text.slice(cut + hit.marker.length);
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
    if (markup && cutOff) space = '';
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
        for (let rest = event.text; rest !== ''; ) rest = markup ? readMarkup(markup, rest) : readText(rest);
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
