/** Thinking between tags at the start of an answer, for engines that leave it in the text. Harmony's is in channels.ts. */
import type { EngineSink } from '../protocol/engine.ts';
import { createMarkers } from '../protocol/markers.ts';
import { textStage } from './text-stage.ts';

const common = { opener: '<think>', closers: createMarkers(['</think>']) };
const tags = [
  common,
  // Mistral's.
  { opener: '[THINK]', closers: createMarkers(['[/THINK]']) },
  // Gemma's.
  { opener: '<|channel>thought', closers: createMarkers(['<channel|>']) },
];

/**
 * Turns leading thinking into `thinking` events as it comes, without the white space at its edges and after it. Thinking
 * that is never closed lasts to the end.
 * @param opened the prompt ended in `<think>`, so the answer starts inside of the thinking
 */
export function readThinking(next: EngineSink, opened: boolean): EngineSink {
  let tag = common;
  let stage: 'start' | 'thinking' | 'after' | 'text' = opened ? 'thinking' : 'start';
  /** White space whose meaning the next character decides. */
  let space = '';
  /** What may be the start of a tag. */
  let held = '';
  let anyThought = false;

  const say = (type: 'text' | 'thinking', text: string) => {
    if (text !== '') next.push({ type, text });
  };

  const readStart = (piece: string) => {
    const text = held === '' ? piece.trimStart() : piece;
    space += piece.slice(0, piece.length - text.length);
    held += text;
    if (tags.some(({ opener }) => opener.startsWith(held) && opener !== held)) return;
    const rest = held;
    held = '';
    const hit = tags.find(({ opener }) => rest.startsWith(opener));
    if (hit) {
      tag = hit;
      space = '';
      stage = 'thinking';
      readThought(rest.slice(tag.opener.length));
    } else {
      stage = 'text';
      say('text', space + rest);
    }
  };

  const readThought = (piece: string) => {
    const text = held + piece;
    const { cut, marker } = tag.closers.scan(text);
    think(text.slice(0, cut));
    held = marker === undefined ? text.slice(cut) : '';
    if (marker === undefined) return;
    stage = 'after';
    readAfter(text.slice(cut + marker.length));
  };

  const think = (text: string) => {
    const end = text.trimEnd();
    if (end !== '') {
      say('thinking', anyThought ? space + end : end.trimStart());
      anyThought = true;
      space = '';
    }
    space += text.slice(end.length);
  };

  const readAfter = (piece: string) => {
    const text = piece.trimStart();
    if (text === '') return;
    stage = 'text';
    say('text', text);
  };

  const readers = {
    start: readStart,
    thinking: readThought,
    after: readAfter,
    text: (text: string) => say('text', text),
  };

  /** What was held back is not the start of a tag after all. */
  const settle = () => {
    if (stage === 'start') say('text', space + held);
    if (stage === 'thinking') think(held);
    held = '';
    stage = 'text';
  };

  return textStage(next, (text) => readers[stage](text), settle);
}
