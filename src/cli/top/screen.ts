/** A terminal as a screen: drawn anew as a whole, and left as it was found. */
import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './picture.ts';

export interface Screen {
  size(): Size;
  draw(lines: readonly string[]): void;
  /** As it was before. */
  leave(): void;
}

export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

export interface ScreenListener {
  key(text: string): void;
  resized(): void;
}

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const restore = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Terminals that know it show what is between as one frame, others ignore it. */
const [beginFrame, endFrame] = ['\x1b[?2026h', '\x1b[?2026l'];

export function openScreen({ input, output }: Terminal, listener: ScreenListener): Screen {
  let shown = '';
  const onKey = (bytes: Buffer) => listener.key(bytes.toString('utf8'));
  const onResize = () => {
    shown = '';
    listener.resized();
  };
  const restoreOnly = () => output.write(restore);
  input.setRawMode(true);
  input.on('data', onKey);
  output.on('resize', onResize);
  process.on('exit', restoreOnly);
  output.write(enter);
  return {
    size: () => ({ columns: output.columns, rows: output.rows }),
    draw(lines) {
      const text = lines.map((line) => `${line}\x1b[K`).join('\r\n');
      if (text === shown) return;
      shown = text;
      // Over what is there and not after wiping it, which would flicker.
      output.write(`${beginFrame}\x1b[H${text}\x1b[J${endFrame}`);
    },
    leave() {
      process.off('exit', restoreOnly);
      input.off('data', onKey);
      output.off('resize', onResize);
      input.setRawMode(false);
      input.pause();
      output.write(restore);
    },
  };
}
