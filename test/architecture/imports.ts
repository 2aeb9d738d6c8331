/** Reads which of our modules import which, so that a test can hold the directions of the design. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Import {
  /** Path from the repository's root. */
  readonly file: string;
  /** As it is written. */
  readonly specifier: string;
  /** The folder (or single file) of the house it belongs to: `machines`, `runtime`, `app`, …; a package's name for others. */
  readonly target: string;
}

/** Every import of every module under `machines` and `src`; imports of types count like any other. */
export function allImports(): readonly Import[] {
  return ['machines', 'src'].flatMap(modulesIn).flatMap((file) =>
    specifiersOf(readFileSync(join(root, file), 'utf8')).map((specifier) => ({
      file,
      specifier,
      target: specifier.startsWith('.') ? zoneOf(normalize(join(dirname(file), specifier))) : specifier,
    })),
  );
}

/** `src/runtime/job.ts` belongs to `runtime`, `src/app.ts` to `app`, `machines/policies/types.ts` to `machines`. */
export function zoneOf(file: string): string {
  const [top = '', inner = ''] = file.split('/');
  return top === 'src' ? inner.replace(/\.ts$/, '') : top;
}

/** Static, dynamic and type imports and re-exports, in order. */
export function specifiersOf(source: string): readonly string[] {
  const statement = /^\s*(?:import|export)\b(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...source.matchAll(statement)].map(([, fixed, dynamic]) => fixed ?? dynamic ?? '');
}

function modulesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[tj]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
