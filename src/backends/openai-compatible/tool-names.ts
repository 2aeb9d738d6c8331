/** The way back from the aliases that tools have on the wire. */
import { toolAlias } from '../../prompt/tool-alias.ts';
import type { Tool } from '../../prompt/types.ts';

export function originalNames(tools: readonly Tool[]): (wire: string) => string {
  const originals = new Map(tools.map(({ name }) => [toolAlias(name), name]));
  return (wire) => originals.get(wire) ?? wire;
}
