/** Several families as one grammar. */
import type { CallReader, Grammar, Reading, ToolCall, Tools } from './types.ts';

export interface Together {
  readonly openers: readonly string[];
  readonly firstOpeners: readonly string[];
  /** @param first nothing stands before the opener in the answer */
  open(hit: string, tools: Tools, first: boolean): CallReader;
}

/** Reads as whichever of the families finds a call; for `none` all must agree, and the text goes on where the last of them gave up. */
export function together(families: readonly Grammar[]): Together {
  const openers = [...new Set(families.flatMap((family) => family.openers))];
  const firstOpeners = [...new Set(families.flatMap((family) => family.firstOpeners ?? []))];
  return {
    openers,
    firstOpeners,
    open: (hit, tools, first) =>
      readAll(
        families.flatMap((family) =>
          [...family.openers, ...((first && family.firstOpeners) || [])]
            .filter((opener) => opener.startsWith(hit))
            .map((opener) => behind(opener.slice(hit.length), family.open(opener, tools))),
        ),
      ),
  };
}

function readAll(all: readonly CallReader[]): CallReader {
  let readers = all;
  let furthest = 0;

  return {
    read(piece) {
      let first: Extract<Reading, { state: 'calls' }> | undefined;
      readers = readers.filter((reader) => {
        const reading = reader.read(piece);
        if (reading.state === 'calls' && (!first || reading.at < first.at)) first = reading;
        if (reading.state === 'none') furthest = Math.max(furthest, reading.at);
        return reading.state === 'more';
      });
      if (first) return first;
      return readers.length > 0 ? { state: 'more' } : { state: 'none', at: furthest };
    },
    end() {
      for (const reader of readers) {
        const calls = reader.end();
        if (calls.length > 0) return calls;
      }
      return [];
    },
  };
}

/** A reader whose opener goes on with `rest`. */
function behind(rest: string, reader: CallReader): CallReader {
  let seen = 0;
  const shift = (reading: Reading): Reading =>
    reading.state === 'more' ? reading : { ...reading, at: reading.at + rest.length };

  return {
    read(piece) {
      const part = piece.slice(0, rest.length - seen);
      if (!rest.startsWith(part, seen)) return { state: 'none', at: 0 };
      seen += part.length;
      return part.length < piece.length ? shift(reader.read(piece.slice(part.length))) : { state: 'more' };
    },
    end: (): readonly ToolCall[] => (seen === rest.length ? reader.end() : []),
  };
}
