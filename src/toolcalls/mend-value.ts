/** Makes a value fit its schema: follows what the schema objects to, step by step, as long as each step is certain. */
import type { Json } from '../protocol/json.ts';
import { retypings } from './retype.ts';
import { type Objection, parentOf, pointer } from './schema-errors.ts';
import { brief, placeOf } from './schema-words.ts';

export interface Mended {
  readonly state: 'retyped';
  readonly value: Json;
  readonly changes: readonly string[];
}

type Check = (value: Json) => readonly Objection[];

/** Text to list, its elements, what is in them: mends uncover what else is wrong. */
const maxRounds = 4;

/** Unions can be tried in many ways; each validates the whole value again. */
const maxTries = 40;

/** More is not a slip of the pen, and each takes time of the one thread. */
const maxObjections = 2_000;

/** As many changes as a log's line can take. */
const maxChanges = 8;

/**
 * The value made to fit, or undefined where nothing certain makes it fit. `path` is the value's own pointer, `found` what
 * `check` says of it.
 */
export function mended(value: Json, path: string, found: readonly Objection[], check: Check): Mended | undefined {
  let tries = 0;
  return search(value, found, [], maxRounds);

  function search(
    from: Json,
    objections: readonly Objection[],
    before: readonly string[],
    rounds: number,
  ): Mended | undefined {
    if (rounds === 0 || objections.length > maxObjections) return undefined;
    for (const mends of alternatives(optionsFor(from, path, objections))) {
      if (tries++ === maxTries) return undefined;
      const changes = [...before];
      const next = apply(mends, from, path, changes);
      const left = check(next);
      if (left.length === 0) return { state: 'retyped', value: next, changes: changes.slice(0, maxChanges) };
      const further = search(next, left, changes, rounds - 1);
      if (further) return further;
    }
    return undefined;
  }
}

/** What stands at a path instead of what is there; nothing where a key goes. */
interface Mend {
  readonly value?: Json;
}

/** By path: what may answer the objections there, likeliest first. */
function optionsFor(value: Json, path: string, objections: readonly Objection[]): Map<string, readonly Mend[]> {
  const byPath = Map.groupBy(objections, (objection) => objection.path);
  const surplus = surplusKeys(objections);
  const options = new Map<string, readonly Mend[]>();
  visit(value, path, (inner, at) => {
    const mends = retypings(inner, byPath.get(at) ?? []).map((retyped) => ({ value: retyped }));
    if (mends.length > 0) options.set(at, mends);
    else if (at !== path && surplus.has(at)) options.set(at, [{}]);
  });
  return options;
}

/** Unknown keys. One that a branch of a union knows is none, though other branches object to it. */
function surplusKeys(objections: readonly Objection[]): ReadonlySet<string> {
  const byParent = Map.groupBy(
    objections.filter(({ to }) => to === 'key'),
    ({ path }) => parentOf(path),
  );
  const surplus = [...byParent.values()].flatMap((siblings) => {
    const branches = new Set(siblings.map(({ source }) => source)).size;
    const byKey = Map.groupBy(siblings, ({ path }) => path);
    return [...byKey].filter(([, same]) => new Set(same.map(({ source }) => source)).size === branches);
  });
  return new Set(surplus.map(([path]) => path));
}

/**
 * Ways to answer all objections at once. More than one only where a union's branches disagree: they object to a value and to
 * what is in it (the inner ones are tried first), or want it to be of several types.
 */
function* alternatives(options: ReadonlyMap<string, readonly Mend[]>): Generator<ReadonlyMap<string, Mend>> {
  const outer = new Set([...options.keys()].flatMap(ancestorsOf).filter((path) => options.has(path)));
  const most = [...options.values()].reduce((count, mends) => Math.max(count, mends.length), 0);
  for (let rank = 0; rank < most; rank++) {
    const mends = new Map([...options].map(([path, some]) => [path, some[rank] ?? some[0] ?? {}]));
    yield new Map([...mends].filter(([path]) => !outer.has(path)));
    // Where a value is mended itself, what stood in it is gone.
    if (outer.size > 0) yield mends;
  }
}

function apply(mends: ReadonlyMap<string, Mend>, value: Json, path: string, changes: string[]): Json {
  const mend = mends.get(path);
  if (mend?.value !== undefined) {
    if (changes.length < maxChanges) changes.push(`${placeOf(path)}: ${brief(value)} to ${brief(mend.value)}`);
    return mend.value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner, index) => apply(mends, inner, pointer(path, index), changes));
  const kept = Object.entries(value).flatMap(([key, inner = null]) => {
    const at = pointer(path, key);
    const dropped = mends.has(at) && mends.get(at)?.value === undefined;
    if (dropped && changes.length < maxChanges) changes.push(`${placeOf(at)}: left out`);
    return dropped ? [] : [[key, apply(mends, inner, at, changes)] as const];
  });
  return Object.fromEntries(kept);
}

function visit(value: Json, path: string, see: (value: Json, path: string) => void): void {
  see(value, path);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) visit(inner ?? null, pointer(path, key), see);
}

function ancestorsOf(path: string): readonly string[] {
  const parent = parentOf(path);
  return parent === '' ? [] : [parent, ...ancestorsOf(parent)];
}
