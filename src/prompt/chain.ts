/**
 * Canonical bytes and their hashes. A prompt is a sequence of units: system texts, tools, then the blocks of its turns. Each
 * is one JSON line. One line a block and not one a turn, because a turn can still grow: a failed one is merged with what
 * the person writes next.
 */
import { digest, markOf } from './digest.ts';
import { renderedBytes, turnBytes } from './size.ts';
import type { Block, ChainLink, Role, Tool, Turn } from './types.ts';

export interface Prefix {
  readonly key: string;
  readonly bytes: number;
}

/** Lines of the span an engine snapshots: system texts, then tools. */
export function prefixLines(system: readonly string[], tools: readonly Tool[]): string[] {
  return [
    ...system.map((text) => JSON.stringify(['system', text])),
    ...tools.map(({ definition }) => JSON.stringify(['tool', definition])),
  ];
}

export function blockLine(role: Role, block: Block): string {
  return JSON.stringify([role, block]);
}

export function hashPrefix(system: readonly string[], tools: readonly Tool[]): Prefix {
  const lines = prefixLines(system, tools);
  const toolBytes = lines.slice(system.length).reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  const systemBytes = system.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { key: digest(lines.join('\n')), bytes: systemBytes + toolBytes };
}

/** One link a block, each hashing the one before it (the prefix first) and the hash of its own line. */
export function hashTurns(prefix: Prefix, turns: readonly Turn[]): ChainLink[] {
  const chain: ChainLink[] = [];
  let { key, bytes } = prefix;
  for (const { role, content } of turns) {
    bytes += turnBytes;
    for (const block of content) {
      const line = blockLine(role, block);
      const own = digest(line);
      key = digest(key + own);
      bytes += renderedBytes(block, line);
      chain.push({ key, mark: markOf(own), bytes });
    }
  }
  return chain;
}
