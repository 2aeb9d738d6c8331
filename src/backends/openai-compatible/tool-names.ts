/** Tool names on the wire. */
import { toolAlias } from '../../prompt/tool-alias.ts';
import type { Tool } from '../../prompt/types.ts';

export interface ToolNames {
  toWire(name: string): string;
  fromWire(name: string): string;
}

/** For names that reach the model unchecked, inside template arguments. */
export const plainNames: ToolNames = { toWire: (name) => name, fromWire: (name) => name };

/** Aliases, and the way back from them. */
export function checkedNames(tools: readonly Tool[]): ToolNames {
  const originals = new Map(tools.map(({ name }) => [toolAlias(name), name]));
  return { toWire: toolAlias, fromWire: (name) => originals.get(name) ?? name };
}
