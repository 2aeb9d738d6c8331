/** The tools of one request, by the names that models write. */
import { toolAlias } from '../prompt/tool-alias.ts';
import type { JsonObject } from '../protocol/json.ts';
import { type ToolSchema, toolSchema } from './tool-schema.ts';

export interface KnownTool {
  readonly name: string;
  /** Compiled when first read. */
  readonly schema: ToolSchema;
}

export interface Tools {
  readonly size: number;
  /** The tool of that name, or the only one that the name can be a slip for. */
  find(written: string): KnownTool | undefined;
}

/** Costs next to nothing: it runs for every request, and most names are written as they are. */
export function createTools(tools: readonly { name: string; inputSchema: JsonObject | undefined }[]): Tools {
  const known = new Map(tools.map(({ name, inputSchema }) => [name, knownTool(name, inputSchema)]));
  let names: Names | undefined;
  return {
    size: known.size,
    find(written) {
      const exact = known.get(written);
      if (exact) return exact;
      names ??= namesOf([...known.keys()]);
      const name = meant(written, names);
      return name === undefined ? undefined : known.get(name);
    },
  };
}

function knownTool(name: string, inputSchema: JsonObject | undefined): KnownTool {
  return {
    name,
    get schema() {
      return toolSchema(inputSchema);
    },
  };
}

/** Names by a form of them; null for a form that several have. */
type Index = ReadonlyMap<string, string | null>;

interface Names {
  readonly aliases: Index;
  /** Whole names, folded. */
  readonly whole: Index;
  /** MCP tools without `mcp__` and without their server, folded. */
  readonly tails: Index;
}

function namesOf(names: readonly string[]): Names {
  return {
    aliases: indexOf(names, (name) => [toolAlias(name)]),
    whole: indexOf(names, (name) => [folded(name), folded(toolAlias(name))]),
    tails: indexOf(names, (name) => {
      const { server, tool } = mcpParts(name);
      return server === undefined ? [] : [folded(`${server}_${tool}`), folded(tool)];
    }),
  };
}

function indexOf(names: readonly string[], forms: (name: string) => readonly string[]): Index {
  const index = new Map<string, string | null>();
  for (const name of names) {
    for (const form of new Set(forms(name))) index.set(form, index.has(form) ? null : name);
  }
  // What is left of a name without letters.
  index.delete('');
  return index;
}

/** The name meant: the nearest form that any tool has decides, and says nothing where several have it. */
function meant(written: string, { aliases, whole, tails }: Names): string | undefined {
  const bare = undecorated(written);
  const { tool } = mcpParts(bare);
  const nearest = [
    aliases.get(written),
    whole.get(folded(written)),
    whole.get(folded(bare)),
    tails.get(folded(bare)),
    whole.get(folded(tool)),
    tails.get(folded(tool)),
  ];
  return nearest.find((found) => found !== undefined) ?? undefined;
}

/** Without what frames put around names: `functions.NAME:0` (Harmony, Kimi), `tools/NAME`, quotes. */
function undecorated(written: string): string {
  return written
    .trim()
    .replace(/^["'`]|["'`]$/g, '')
    .replace(/^(?:functions?|tools?)[./:]/i, '')
    .replace(/:\d+$/, '');
}

/** `mcp__SERVER__TOOL`; models leave out the server, too. Other names are all tool. */
function mcpParts(name: string): { readonly server?: string; readonly tool: string } {
  const [, server, tool] = /^mcp__?(?:(.+?)__)?(.+)$/i.exec(name) ?? [];
  if (tool === undefined) return { tool: name };
  return server === undefined ? { tool } : { server, tool };
}

/** Case and separators are what models mix up. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
}
