/** Objections and changes in words. */
import type { Json } from '../protocol/json.ts';
import type { Objection } from './schema-errors.ts';

/** `todos[0].done must be a boolean, got "later"`. `value` is the one at `root`. */
export function problemOf(objections: readonly Objection[], value: Json, root: string): string {
  const deepest = objections.reduce((most, { path }) => Math.max(most, levels(path)), 0);
  const first = objections.find(({ path }) => levels(path) === deepest);
  if (first === undefined) return 'it does not fit';
  const same = objections.filter(({ path, to }) => path === first.path && (to !== 'key') === (first.to !== 'key'));
  const place = placeOf(first.path);
  if (first.to === 'key') return `${place} is not allowed`;
  return `${place} must be ${wantedBy(same)}, got ${brief(at(value, first.path.slice(root.length)))}`;
}

/** Values can be whole files. */
const maxWords = 40;

export function brief(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > maxWords ? `${text.slice(0, maxWords)}…` : text;
}

/** `/todos/0/done` as `todos[0].done`. */
export function placeOf(path: string): string {
  return keysOf(path)
    .map((key, level) => (level === 0 ? key : /^\d+$/.test(key) ? `[${key}]` : `.${key}`))
    .join('');
}

/** An enum says more than the type that stands beside it. */
function wantedBy(objections: readonly Objection[]): string {
  const values = objections.flatMap((objection) => (objection.to === 'value' ? objection.allowed : []));
  const types = objections.flatMap((objection) => (objection.to === 'type' ? objection.types : []));
  if (values.length === 0) return listed(types.map((type) => articles.get(type) ?? type));
  const some = values.slice(0, 20).map((value) => brief(value as Json));
  return some.length === 1 ? some.join() : `one of ${some.join(', ')}${values.length > some.length ? ', …' : ''}`;
}

const articles: ReadonlyMap<string, string> = new Map([
  ['integer', 'an integer'],
  ['number', 'a number'],
  ['string', 'a string'],
  ['boolean', 'a boolean'],
  ['array', 'an array'],
  ['object', 'an object'],
]);

function listed(words: readonly string[]): string {
  const once = [...new Set(words)];
  return once.length < 2 ? once.join() : `${once.slice(0, -1).join(', ')} or ${once.at(-1)}`;
}

function levels(path: string): number {
  return path.split('/').length;
}

function keysOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(value: Json, path: string): Json | undefined {
  return keysOf(path).reduce<Json | undefined>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as { [key: string]: Json })[key] : undefined),
    value,
  );
}
