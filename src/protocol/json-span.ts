/** Finds the end of a JSON object or array in text that arrives in pieces, without parsing it and reading each character once. */

export interface SpanEnd {
  /** `broken`: what was read can no longer become JSON. */
  readonly state: 'open' | 'closed' | 'broken';
  /** Index just past the value when closed, of the offending character when broken, the text's length while open. */
  readonly at: number;
}

export interface JsonSpan {
  /** Reads on. The first character ever read is the opening bracket. */
  read(piece: string): SpanEnd;
  /** Inside of a string that holds a line break, as no string of JSON does: it may never have been closed. */
  readonly astray: boolean;
}

const lineBreak = 0x0a;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const star = 0x2a;
const slash = 0x2f;
const lessThan = 0x3c;
const backslash = 0x5c;

/**
 * Strings and comments are told from structure, so brackets and markup inside of them do not count. What models write for
 * JSON is followed too: strings in single quotes, or with line breaks in them.
 */
export function createJsonSpan(): JsonSpan {
  let depth = 0;
  /** What ends the string or comment that is open: 0 for none. */
  let until = 0;
  let escaped = false;
  let astray = false;
  let last = 0;

  const inComment = () => until === lineBreak || until === star;

  /** A character of a string or comment. */
  const readQuoted = (code: number) => {
    if (inComment()) {
      if (until === lineBreak ? code === lineBreak : last === star && code === slash) until = 0;
    } else if (escaped) escaped = false;
    else if (code === backslash) escaped = true;
    else if (code === until) until = 0;
    else if (code === lineBreak) astray = true;
    if (until === 0) astray = false;
  };

  const readStructure = (code: number) => {
    if (code === doubleQuote || code === singleQuote) until = code;
    else if (last === slash && code === slash) until = lineBreak;
    else if (last === slash && code === star) until = star;
    else if (isOpening(code)) depth++;
    else if (isClosing(code)) depth--;
  };

  return {
    read(piece) {
      for (let at = 0; at < piece.length; at++) {
        const code = piece.charCodeAt(at);
        if (until !== 0) readQuoted(code);
        // Markup where JSON should go on: a bracket is missing.
        else if (code === lessThan) return { state: 'broken', at };
        else {
          readStructure(code);
          if (depth === 0) return { state: 'closed', at: at + 1 };
        }
        last = code;
      }
      return { state: 'open', at: piece.length };
    },
    get astray() {
      return astray;
    },
  };
}

const isOpening = (code: number) => code === 0x7b || code === 0x5b;
const isClosing = (code: number) => code === 0x7d || code === 0x5d;
