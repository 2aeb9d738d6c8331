/** The browser: Debian's package, installed where it is missing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const chromiumPath = '/usr/bin/chromium';

/** @throws when there is no Chromium and none can be had */
export default function setup(): void {
  if (existsSync(chromiumPath)) return;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error) {
    throw new Error(`${chromiumPath} is not there: install it (Debian, Ubuntu: apt-get install chromium)`);
  }
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'chromium');
}

function apt(...args: readonly string[]): void {
  const { status } = spawnSync('apt-get', args, {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed`);
}
