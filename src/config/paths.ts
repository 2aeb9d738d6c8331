import { homedir } from 'node:os';
import { join } from 'node:path';

/** Files are not read by a shell: `~/` is replaced here. */
export function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
