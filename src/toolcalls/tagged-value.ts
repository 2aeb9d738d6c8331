/** A value as bare text up to its closing tag, where the value may speak of tags itself, and models forget the closing one. */
import { createMarkers } from '../protocol/markers.ts';
import { ahead } from './completed.ts';
import { type Input, type Run, space } from './run.ts';

/**
 * Reads the value and its closing tag. That is one only if another tag comes behind it. One of the `others` closes the
 * value too, and is left unread; but in the midst of a line of code it is code.
 */
export function valueReader(closer: string, others: readonly string[]): (input: Input) => Run<string> {
  const tags = [closer, ...others];
  const markers = createMarkers(tags);

  return function* (input) {
    let text = '';
    let firstLine = true;
    let lineStart = false;
    const add = (part: string) => {
      text += part;
      firstLine &&= !part.includes('\n');
      if (part !== '') lineStart = part.endsWith('\n');
    };

    for (;;) {
      const { cut, marker } = markers.scan(input.text.slice(input.index));
      add(input.text.slice(input.index, input.index + cut));
      input.index += cut;
      if (marker === undefined) {
        yield;
        continue;
      }
      if (marker !== closer && (firstLine || lineStart)) return text;
      input.index += marker.length;
      const gap = marker === closer ? yield* space(input) : '';
      if (marker === closer && (yield* ahead(input, ...tags))) return text;
      add(marker + gap);
    }
  };
}
