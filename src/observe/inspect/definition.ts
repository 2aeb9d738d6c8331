import type { KnownActor } from './actor.ts';

/** Definitions as JSON, as the text of a JSON string; made once for each. */
export function createDefinitions(): (actor: KnownActor) => string {
  const texts = new WeakMap<object, string>();
  return ({ definition }) => {
    const text = texts.get(definition) ?? JSON.stringify(JSON.stringify(definition, namesOnly));
    texts.set(definition, text);
    return text;
  };
}

/** Guards, actions and the like by their names. */
function namesOnly(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? { type: value.name } : value;
}
