import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/index.ts';

/** An empty directory that is gone after the test. */
export function emptyFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'warmslot-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a command in this process, in an empty home. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const home = emptyFolder();
  let stdout = '';
  let stderr = '';
  const exitCode = await runCli(args, {
    env,
    cwd: home,
    home,
    terminal: false,
    screen: undefined,
    out: (line) => {
      stdout += `${line}\n`;
    },
    err: (text) => {
      stderr += text;
    },
  });
  return { exitCode, stdout, stderr };
}

export interface Running {
  readonly child: ChildProcess;
  readonly home: string;
  stdout(): string;
  stderr(): string;
  /** The first line of stdout that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

/**
 * Runs the real thing, in a home that is also its working directory and holds nothing but the given JSON files; it is killed at
 * the test's end.
 */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, unknown>> = {},
): Running {
  const home = emptyFolder();
  for (const [name, value] of Object.entries(files)) writeFileSync(join(home, name), JSON.stringify(value));
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    home,
    stdout: () => stdout,
    stderr: () => stderr,
    async line(pattern) {
      for (;;) {
        const match = pattern.exec(stdout);
        if (match) return match;
        if (child.exitCode !== null) throw new Error(`ended without ${pattern}: ${stdout}${stderr}`);
        await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
      }
    },
    exit: once(child, 'close').then(([code, signal]) => code ?? signal),
  };
}
