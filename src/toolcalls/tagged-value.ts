/** A value as bare text up to its closing tag, where the value may speak of tags itself, and models forget the closing one. */
import { createMarkers } from '../protocol/markers.ts';
import { ahead, atEnd, type Input, type Run, space } from './run.ts';

/**
 * Reads the value and its closing tag, and hands the value on as it comes. A closing tag is one only if another tag comes
 * behind it, or nothing. One of the `others` closes the value too, and is left unread; but in the midst of a line of code it
 * is code.
 */
export function valueReader(closer: string, others: readonly string[]) {
  const tags = [closer, ...others];
  const markers = createMarkers(tags);

  return function* (input: Input, say: (piece: string) => void): Run<void> {
    let firstLine = true;
    let lineStart = false;
    const add = (part: string) => {
      if (part === '') return;
      say(part);
      firstLine &&= !part.includes('\n');
      lineStart = part.endsWith('\n');
    };

    for (;;) {
      const { cut, marker } = markers.scan(input.text.slice(input.index));
      add(input.text.slice(input.index, input.index + cut));
      input.index += cut;
      if (marker === undefined) {
        if (!input.ended) {
          yield;
          continue;
        }
        add(input.text.slice(input.index));
        input.index = input.text.length;
        return;
      }
      if (marker !== closer && (firstLine || lineStart)) return;
      input.index += marker.length;
      const gap = marker === closer ? yield* space(input) : '';
      if (marker === closer && ((yield* ahead(input, ...tags)) || (yield* atEnd(input)))) return;
      add(marker + gap);
    }
  };
}
