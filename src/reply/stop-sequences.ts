/** Stop sequences for engines that do not honour them, or not to the letter. */
import { type EngineSink, isAside } from '../protocol/engine.ts';
import { createMarkers } from '../protocol/markers.ts';

/**
 * Ends the answer where the first of the sequences is complete in its text, however that text is cut into events; only what
 * may be the start of one is held back. `onStop` is called once, after the sink has seen `ended`.
 */
export function stopAt(next: EngineSink, sequences: readonly string[], onStop: () => void): EngineSink {
  const markers = createMarkers(sequences.filter((sequence) => sequence !== ''));
  let held = '';
  let stopped = false;

  const say = (text: string) => {
    if (text !== '') next.push({ type: 'text', text });
  };

  const pushText = (piece: string) => {
    const text = held + piece;
    const { cut, marker } = markers.scan(text);
    say(text.slice(0, cut));
    held = text.slice(cut);
    if (marker === undefined) return;
    stopped = true;
    next.push({ type: 'ended', reason: 'stop_sequence', stopSequence: marker });
    onStop();
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
