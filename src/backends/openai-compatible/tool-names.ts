/** Tool names on the wire. Servers check those of a request's `tools` as OpenAI does; MCP names can be longer or odder. */
import { createHash } from 'node:crypto';
import type { Tool } from '../../prompt/types.ts';

export interface ToolNames {
  toWire(name: string): string;
  fromWire(name: string): string;
}

/** For names that reach the model unchecked, inside template arguments. */
export const plainNames: ToolNames = { toWire: (name) => name, fromWire: (name) => name };

/** Names that break the rule get an alias; the same name gets the same one for ever, so that prompts stay stable. */
export function checkedNames(tools: readonly Tool[]): ToolNames {
  const originals = new Map(tools.map(({ name }) => [alias(name), name]));
  return { toWire: alias, fromWire: (name) => originals.get(name) ?? name };
}

const legal = /^[A-Za-z0-9_-]{1,64}$/;

function alias(name: string): string {
  if (legal.test(name)) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 55)}_${digest}`;
}
