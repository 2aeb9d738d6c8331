/** The name a model knows a tool by. Servers check tool names as OpenAI does; MCP names can be longer or odder. */
import { hash } from 'node:crypto';

const legal = /^[A-Za-z0-9_-]{1,64}$/;

/** A legal name is its own alias. The same name gets the same one for ever, so that prompts stay stable. */
export function toolAlias(name: string): string {
  if (legal.test(name)) return name;
  return `${name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 55)}_${hash('sha256', name, 'hex').slice(0, 8)}`;
}
