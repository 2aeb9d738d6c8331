import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FoundEngine } from '../../src/config/apply.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigFlags, Env } from '../../src/config/overrides.ts';

/** A directory with these files; objects are written as JSON. It is gone after the test. */
export function folder(files: Readonly<Record<string, unknown>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'warmslot-config-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}

interface Given {
  readonly files?: Readonly<Record<string, unknown>>;
  readonly flags?: ConfigFlags;
  readonly env?: Env;
  readonly found?: FoundEngine;
}

/** Loads a configuration in a fresh directory that is the working and the home directory. */
export function load({ files = {}, flags = {}, env = {}, found }: Given = {}) {
  const cwd = folder(files);
  return { cwd, ...loadConfig({ flags, env, cwd, home: cwd, found }) };
}

/** The message of the refusal, the directory's path cut out. */
export function refusal(given: Given): string {
  try {
    load(given);
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(/\/\S*\/(?=[\w.]+\.json)/g, '') : String(error);
  }
  throw new Error('the configuration was accepted');
}
