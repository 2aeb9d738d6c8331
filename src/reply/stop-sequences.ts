/** Stop sequences for engines that do not honour them, or not to the letter. */
import { type EngineSink, isAside } from '../protocol/engine.ts';
import { findMarker, heldBack } from '../protocol/markers.ts';

/**
 * Ends the answer where the first of the sequences is complete in its text, however that text is cut into events; only what
 * may be the start of one is held back. `onStop` is called once, after the sink has seen `ended`.
 */
export function stopAt(next: EngineSink, sequences: readonly string[], onStop: () => void): EngineSink {
  const markers = sequences.filter((sequence) => sequence !== '');
  let held = '';
  let stopped = false;

  const say = (text: string) => {
    if (text !== '') next.push({ type: 'text', text });
  };

  const pushText = (piece: string) => {
    const text = held + piece;
    const hit = findMarker(text, markers);
    if (hit) {
      stopped = true;
      say(text.slice(0, hit.index));
      next.push({ type: 'ended', reason: 'stop_sequence', stopSequence: hit.marker });
      onStop();
      return;
    }
    const cut = text.length - heldBack(text, markers);
    held = text.slice(cut);
    say(text.slice(0, cut));
  };

  return {
    push(event) {
      if (stopped) return;
      if (event.type === 'text') return pushText(event.text);
      if (!isAside(event) && event.type !== 'failed') {
        say(held);
        held = '';
      }
      next.push(event);
    },
    flush: () => next.flush(),
  };
}
