// Node 24 runs TypeScript as it is; older ones cannot. `npm ci` brings Node 24 along as the package `node`,
// so an older system Node only has to find it. Plain JavaScript, because the old Node must be able to read this.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const WANTED = 24;

export function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= WANTED;
}

/** The binary of the installed `node` package, or undefined when its install script did not run. */
export function installedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

export function complaint() {
  return [
    `warmslot: needs Node ${WANTED} or newer, this is ${process.version}, and the copy that npm installs is missing.`,
    'Its install script was skipped (--ignore-scripts, --omit=optional, or npm has not been allowed to run it).',
    'Mend it with one of:  npm ci   |   npm rebuild node   |   install Node 24 from https://nodejs.org',
  ].join('\n');
}

/** Runs `file` under Node 24: in this process when it is one, else in the installed copy, handing on signals. */
export async function runWithNode24(file, args) {
  if (isNewEnough()) {
    process.argv = [process.argv[0], file, ...args];
    await import(file);
    return;
  }
  const binary = installedNode();
  if (!binary) {
    console.error(complaint());
    process.exit(1);
  }
  const child = spawn(binary, [file, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; a second one would cut off the answers that still run.
      if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
