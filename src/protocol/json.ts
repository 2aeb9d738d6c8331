/** JSON values as types, and the one place where foreign text becomes one. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** Parses foreign text without throwing. */
export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The path of a value nested deeper than `limit`, or undefined. Walks level by level and not by recursion, so that a body
 * made to exhaust the stack is answered and not fatal.
 */
export function tooDeep(root: unknown, limit: number): string | undefined {
  interface Node {
    readonly value: object;
    readonly key: string;
    readonly parent: Node | undefined;
  }
  let level: Node[] = isContainer(root) ? [{ value: root, key: '', parent: undefined }] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return pathOf(level[0]);
    const next: Node[] = [];
    for (const parent of level) {
      for (const key in parent.value) {
        const value = (parent.value as Record<string, unknown>)[key];
        if (isContainer(value)) next.push({ value, key, parent });
      }
    }
    level = next;
  }
  return undefined;

  function pathOf(node: Node | undefined): string {
    const keys: string[] = [];
    for (let at = node; at?.parent; at = at.parent) keys.unshift(at.key);
    return keys.length > 8 ? `${keys.slice(0, 8).join('.')}…` : keys.join('.');
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
