/** Text that comes in pieces, written as one JSON string. */
export interface StringWriter {
  add(text: string): void;
  end(): void;
}

/** @param say takes the string's pieces; a character is never cut in two */
export function createStringWriter(say: (json: string) => void): StringWriter {
  let opened = false;
  let half = '';
  const write = (text: string) => {
    if (!opened) say('"');
    opened = true;
    if (text !== '') say(JSON.stringify(text).slice(1, -1));
  };

  return {
    add(piece) {
      const text = half + piece;
      const end = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
      half = text.slice(end);
      write(text.slice(0, end));
    },
    end() {
      write(half);
      say('"');
    },
  };
}
