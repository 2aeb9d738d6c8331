/** The newest Python SDK in a virtual environment of the repository's own. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const venv = new URL('../../.cache/py/', import.meta.url).pathname;
const python = join(venv, 'bin/python');
const stamp = join(venv, '.installed-on');

/** Installs or, once a day, upgrades `anthropic`. @throws when it is not here and cannot be had */
export async function preparePython(): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const installedOn = await readFile(stamp, 'utf8').catch(() => undefined);
  if (installedOn === today) return;
  await mkdir(venv, { recursive: true });
  await run(process.env.PYTHON ?? 'python3', ['-m', 'venv', venv]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', 'anthropic']);
  await writeFile(stamp, today);
}

/** Runs a script with `anthropic` at hand. @returns what it printed @throws with its stderr when it fails */
export async function runPython(script: string, url: string): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: 'local-test' };
  const { stdout } = await run(python, ['-c', script], { env, timeout: 60_000 });
  return stdout;
}
