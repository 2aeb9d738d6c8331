/** Finds the end of a JSON object or array in text that arrives in pieces, without parsing it and reading each character once. */

export interface SpanEnd {
  /** `broken`: what was read can no longer become JSON. */
  readonly state: 'open' | 'closed' | 'broken';
  /** Index just past the value when closed, of the offending character when broken, the text's length while open. */
  readonly at: number;
}

export interface JsonSpan {
  /** Reads on. The first character ever read is the opening bracket. */
  read(piece: string, from: number): SpanEnd;
}

const quote = 0x22;
const backslash = 0x5c;
const lessThan = 0x3c;

/** Strings are told from structure, so brackets and markup inside of strings do not count. */
export function createJsonSpan(): JsonSpan {
  let depth = 0;
  let inString = false;
  let escaped = false;

  return {
    read(piece, from) {
      for (let at = from; at < piece.length; at++) {
        const code = piece.charCodeAt(at);
        if (inString) {
          // A raw line break: the string was never closed, as when a model forgets to escape a quote.
          if (code < 0x20) return { state: 'broken', at };
          if (escaped) escaped = false;
          else if (code === backslash) escaped = true;
          else if (code === quote) inString = false;
        } else if (code === quote) inString = true;
        else if (isOpening(code)) depth++;
        else if (isClosing(code)) {
          if (--depth === 0) return { state: 'closed', at: at + 1 };
        }
        // Markup where JSON should go on: a bracket is missing.
        else if (code === lessThan) return { state: 'broken', at };
      }
      return { state: 'open', at: piece.length };
    },
  };
}

const isOpening = (code: number) => code === 0x7b || code === 0x5b;
const isClosing = (code: number) => code === 0x7d || code === 0x5d;
