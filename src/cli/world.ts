/** What a command sees of the process it runs in. */
import { homedir } from 'node:os';
import type { Env } from '../config/overrides.ts';
import type { Terminal } from './top/screen.ts';

export interface World {
  readonly env: Env;
  readonly cwd: string;
  readonly home: string;
  /** Whether a person looks at stderr. */
  readonly terminal: boolean;
  /** Where a person looks at stdout and types. */
  readonly screen: Terminal | undefined;
  /** Writes a line of what was asked for. */
  out(line: string): void;
  /** Writes text about it; lines end where the text says so. */
  err(text: string): void;
}

export function processWorld(): World {
  const { stdin, stdout } = process;
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    terminal: process.stderr.isTTY === true,
    screen: stdout.isTTY && stdin.isTTY ? { input: stdin, output: stdout } : undefined,
    out: (line) => process.stdout.write(`${line}\n`),
    err: (text) => process.stderr.write(text),
  };
}
