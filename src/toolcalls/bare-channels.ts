/**
 * Harmony without its tokens, as vllm-mlx hands it on unless a reasoning parser takes the rest away too: the names of channels
 * and roles run into the text, as `analysisHm.assistantcommentary to=functions.Read json{…}` or `analysisHm.assistantfinalYes.`
 */
import type { EngineSink } from '../protocol/engine.ts';
import { createMarkers } from '../protocol/markers.ts';
import { textStage } from './text-stage.ts';

/** How an answer starts; words of ordinary text go on otherwise. */
const starts = [
  { word: 'analysis', goesOn: /\p{L}/u, stage: 'thinking' },
  { word: 'final', goesOn: /\p{Lu}/u, stage: 'text' },
  { word: 'commentary to', goesOn: /=/, stage: 'text' },
] as const;

const turns = createMarkers(['assistantanalysis', 'assistantcommentary', 'assistantfinal']);

/** Turns the analysis channel into `thinking` and takes the names off the others. Answers that start otherwise pass untouched. */
export function readBareChannels(next: EngineSink): EngineSink {
  let stage: 'start' | 'thinking' | 'text' | 'untouched' = 'start';
  /** What may be a name. */
  let held = '';

  const say = (type: 'text' | 'thinking', text: string) => {
    if (text !== '') next.push({ type, text });
  };

  /** Each takes the text that is not read yet, and returns what it leaves to the one that is next. */
  const readStart = (text: string): string => {
    if (starts.some(({ word }) => word.startsWith(text))) {
      held = text;
      return '';
    }
    const start = starts.find(({ word, goesOn }) => text.startsWith(word) && goesOn.test(text.charAt(word.length)));
    stage = start?.stage ?? 'untouched';
    // The recipient is left for harmony.ts.
    return start ? text.slice(start.word.replace(/to$/, '').length) : text;
  };

  const readChannel =
    (type: 'text' | 'thinking') =>
    (text: string): string => {
      const { cut, marker } = turns.scan(text);
      say(type, text.slice(0, cut));
      if (marker === undefined) {
        held = text.slice(cut);
        return '';
      }
      stage = marker === 'assistantanalysis' ? 'thinking' : 'text';
      return text.slice(cut + marker.length);
    };

  const readUntouched = (text: string): string => {
    say('text', text);
    return '';
  };

  const readers = {
    start: readStart,
    thinking: readChannel('thinking'),
    text: readChannel('text'),
    untouched: readUntouched,
  };

  /** What was held back is no name after all, unless a call follows that the engine itself has read. */
  const settle = (callFollows: boolean) => {
    if (!callFollows || stage === 'start') say(stage === 'thinking' ? 'thinking' : 'text', held);
    held = '';
    if (stage === 'start') stage = 'untouched';
  };

  const read = (text: string) => {
    let rest = held + text;
    held = '';
    while (rest !== '') rest = readers[stage](rest);
  };

  return textStage(next, read, ({ type }) => settle(type === 'toolCallStart'));
}
