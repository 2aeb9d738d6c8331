/** A command in a terminal of its own, whose screen the test reads and whose keys it presses. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';

export interface Terminal {
  /** Everything that was written to it. */
  raw(): string;
  /** The lines that stand there now. */
  screen(): readonly string[];
  shows(text: string | RegExp): Promise<void>;
  press(keys: string): void;
  resize(rows: number, columns: number): void;
  /** The command's exit code. */
  readonly exit: Promise<number>;
}

/** `script` gives a terminal on every Unix; its arguments differ. */
const scriptOf = (command: string) =>
  process.platform === 'darwin' ? ['-q', '/dev/null', 'sh', '-c', command] : ['-qfec', command, '/dev/null'];

export function openTerminal(command: readonly string[], env: Readonly<Record<string, string>> = {}): Terminal {
  const words = command.map((word) => `'${word}'`).join(' ');
  const child = spawn('script', scriptOf(`stty rows 30 cols 120; tty; exec ${words}`), {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let raw = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
  });
  const screen = () => {
    const frame = raw.split('\x1b[H').at(-1)?.split('\x1b[J')[0] ?? '';
    return frame.split('\r\n').map(withoutCodes);
  };
  return {
    raw: () => raw,
    screen,
    shows: (text) => expect.poll(() => screen().join('\n'), { interval: 20, timeout: 30_000 }).toMatch(text),
    press: (keys) => void child.stdin.write(keys),
    resize(rows, columns) {
      const tty = /\/dev\/\S+/.exec(raw)?.[0] ?? '';
      const on = process.platform === 'darwin' ? '-f' : '-F';
      execFileSync('stty', [on, tty, 'rows', String(rows), 'cols', String(columns)]);
    },
    exit: once(child, 'close').then(([code]) => Number(code)),
  };
}

function withoutCodes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes begin with one.
  return text.replace(/\x1b\[[?\d;]*[A-Za-z]|\r/g, '');
}
