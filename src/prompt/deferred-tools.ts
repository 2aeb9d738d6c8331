/**
 * Tools that are not part of the prompt until the model has looked for them (`defer_loading`). A `tool_reference` in the
 * search's result brings a tool in: its definition stands there then, and the prefix stays as it was. Claude Code, since
 * 2.1.330 for any endpoint, moves and adds definitions in `tools` as the model finds them.
 */
import { isJsonObject } from '../protocol/json.ts';
import { toolAlias } from './tool-alias.ts';
import type { Block, Prompt, Tool, Turn } from './types.ts';

type Resolved = Pick<Prompt, 'tools' | 'loadedTools' | 'turns'>;

export function resolveDeferred(all: readonly Tool[], turns: readonly Turn[]): Resolved {
  const deferred = new Map(all.filter(isDeferred).map((tool) => [tool.name, tool]));
  // A search that Anthropic's servers would run finds nothing here.
  if (deferred.size === 0 || all.some(isServerSearch)) return { tools: all, loadedTools: [], turns };
  const loaded = new Set<Tool>();
  const resolve = (name: string) => {
    const tool = deferred.get(name);
    if (tool) loaded.add(tool);
    return tool;
  };
  const resolved = turns.map((turn) => ({ ...turn, content: turn.content.map((block) => inResult(block, resolve)) }));
  return { tools: all.filter((tool) => !isDeferred(tool)), loadedTools: [...loaded], turns: resolved };
}

function isDeferred({ definition }: Tool): boolean {
  return definition.defer_loading === true;
}

function isServerSearch({ definition: { type } }: Tool): boolean {
  return typeof type === 'string' && type.startsWith('tool_search_tool');
}

type Resolve = (name: string) => Tool | undefined;

/** The form is the one that Claude Code's search promises the model. */
function inResult(block: Block, resolve: Resolve): Block {
  if (block.type !== 'tool_result') return block;
  const found = block.content.map((inner) => referenced(inner, resolve));
  const definitions = found.flatMap((tool) => (tool ? [`<function>${definitionText(tool)}</function>`] : []));
  if (definitions.length === 0) return block;
  const text = ['<functions>', ...definitions, '</functions>'].join('\n');
  return { ...block, content: [{ type: 'text', text }, ...block.content.filter((_, index) => !found[index])] };
}

function referenced(block: Block, resolve: Resolve): Tool | undefined {
  if (block.type !== 'other' || !isJsonObject(block.value) || block.value.type !== 'tool_reference') return undefined;
  return typeof block.value.tool_name === 'string' ? resolve(block.value.tool_name) : undefined;
}

function definitionText({ name, description, inputSchema }: Tool): string {
  return JSON.stringify({ description, name: toolAlias(name), parameters: inputSchema });
}
