/**
 * Frames around text. Harmony's are many: an answer of messages `<|start|>assistant<|channel|>NAME<|message|>…<|end|>`, the
 * first one's start in the prompt. Functionary's is one, before text that comes first.
 */
import type { EngineSink } from '../protocol/engine.ts';
import { createJsonSpan, type JsonSpan } from '../protocol/json-span.ts';
import { createMarkers } from '../protocol/markers.ts';
import { textStage } from './text-stage.ts';

const starts = ['<|start|>', '<|channel|>'];
const toAll = '<|recipient|>all\n<|content|>';
const message = '<|message|>';
const messages = createMarkers([message]);
const edges = createMarkers([...starts, '<|end|>', '<|return|>']);

/** Longer than any header; what looked like one is text. */
const headerLimit = 256;

/**
 * Turns the analysis channel into `thinking` and takes the frames off all others. Messages to a recipient stay as they are,
 * for harmony.ts to read. Answers that do not start in a frame pass untouched.
 */
export function readChannels(next: EngineSink): EngineSink {
  let stage: 'start' | 'header' | 'text' | 'thinking' | 'arguments' | 'untouched' = 'start';
  /** A header, or what may be the start of a token. */
  let held = '';
  let span: JsonSpan = createJsonSpan();

  const say = (type: 'text' | 'thinking', text: string) => {
    if (text !== '') next.push({ type, text });
  };

  /** Each takes all text that is not read yet, and returns what it leaves to the one that is next. */
  const readStart = (text: string): string => {
    if ([...starts, toAll].some((start) => start.startsWith(text) && start !== text)) {
      held = text;
      return '';
    }
    stage = starts.some((start) => text.startsWith(start)) ? 'header' : 'untouched';
    return text.startsWith(toAll) ? text.slice(toAll.length) : text;
  };

  const readHeader = (text: string): string => {
    const { cut, marker } = messages.scan(text.slice(0, headerLimit + message.length));
    if (cut > headerLimit) {
      stage = 'text';
      // Behind the token that it began with, so that it is not taken for a header again.
      const behind = text.indexOf('>') + 1;
      say('text', text.slice(0, behind));
      return text.slice(behind);
    }
    if (marker === undefined) {
      held = text;
      return '';
    }
    const header = text.slice(0, cut);
    if (header.includes(' to=')) {
      stage = 'arguments';
      span = createJsonSpan();
      say('text', header + message);
    } else stage = header.includes('<|channel|>analysis') ? 'thinking' : 'text';
    return text.slice(cut + message.length);
  };

  const readBody =
    (type: 'text' | 'thinking') =>
    (text: string): string => {
      const { cut, marker } = edges.scan(text);
      say(type, text.slice(0, cut));
      if (marker === undefined) {
        held = text.slice(cut);
        return '';
      }
      const isStart = starts.includes(marker);
      stage = isStart ? 'header' : 'text';
      return text.slice(isStart ? cut : cut + marker.length);
    };

  /** Tokens in the strings of arguments are none. */
  const readArguments = (text: string): string => {
    const { state, at } = span.read(text);
    say('text', text.slice(0, at));
    if (state !== 'open') stage = 'text';
    return text.slice(at);
  };

  const readUntouched = (text: string): string => {
    say('text', text);
    return '';
  };

  const readers = {
    start: readStart,
    header: readHeader,
    text: readBody('text'),
    thinking: readBody('thinking'),
    arguments: readArguments,
    untouched: readUntouched,
  };

  /** What was held back is no token after all. */
  const settle = () => {
    say(stage === 'thinking' ? 'thinking' : 'text', held);
    held = '';
    if (stage === 'start') stage = 'untouched';
  };

  const read = (text: string) => {
    let rest = held + text;
    held = '';
    while (rest !== '') rest = readers[stage](rest);
  };

  return textStage(next, read, settle);
}
