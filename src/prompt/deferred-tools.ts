/**
 * Tools that are not part of the prompt from its beginning. `defer_loading` ones come in where a `tool_reference` in the
 * result of a search names them, others with a `tool_addition` between messages: the definition stands in that place, and the
 * prefix stays as it was. Claude Code, since 2.1.330 for any endpoint, moves and adds definitions in `tools` as the model
 * finds them; the SDK's tool runner adds tools between messages.
 */
import { isJsonObject, type Json } from '../protocol/json.ts';
import { toolAlias } from './tool-alias.ts';
import { toTools } from './tools.ts';
import type { Block, Prompt, Tool, Turn } from './types.ts';

type Resolved = Pick<Prompt, 'tools' | 'loadedTools' | 'turns'>;

export function resolveDeferred(all: readonly Tool[], turns: readonly Turn[]): Resolved {
  // A search that Anthropic's servers would run finds nothing here.
  const honoured = !all.some(isServerSearch);
  const tools = all.filter((tool) => !(honoured && isDeferred(tool)));
  const known = new Map(all.map((tool) => [tool.name, tool]));
  const loaded = new Map<string, Tool>();

  /** The tool that a reference names or a definition defines; one that the prompt does not begin with is brought in. */
  const bringIn = (value: Json | undefined): Tool | undefined => {
    const tool = isJsonObject(value) ? (definedBy(value.definition) ?? known.get(nameIn(value))) : undefined;
    if (!tool) return undefined;
    known.set(tool.name, tool);
    if (!tools.includes(tool)) loaded.set(tool.name, tool);
    return tool;
  };

  const resolved = turns.map(({ role, content }) => ({
    role,
    content: content.map((block) => inPlace(block, bringIn)),
  }));
  return { tools, loadedTools: [...loaded.values()], turns: resolved };
}

function isDeferred({ definition }: Tool): boolean {
  return definition.defer_loading === true;
}

function isServerSearch({ definition: { type } }: Tool): boolean {
  return typeof type === 'string' && type.startsWith('tool_search_tool');
}

function nameIn({ tool_name: inResult, name }: { readonly tool_name?: Json; readonly name?: Json }): string {
  const named = inResult ?? name;
  return typeof named === 'string' ? named : '';
}

function definedBy(definition: Json | undefined): Tool | undefined {
  if (!isJsonObject(definition)) return undefined;
  const { name, description, input_schema: schema } = definition;
  if (typeof name !== 'string' || typeof description !== 'string' || !isJsonObject(schema)) return undefined;
  return toTools([{ ...definition, name, description, type: undefined, input_schema: schema }])[0];
}

type BringIn = (value: Json | undefined) => Tool | undefined;

function inPlace(block: Block, bringIn: BringIn): Block {
  if (block.type === 'tool_result') return resultInPlace(block, bringIn);
  const added = block.type === 'other' && block.value.type === 'tool_addition' ? bringIn(block.value.tool) : undefined;
  return added ? { type: 'text', text: `Can be called from now on:\n${functions([added])}` } : block;
}

function resultInPlace(block: Block & { readonly type: 'tool_result' }, bringIn: BringIn): Block {
  const found = block.content.map((inner) =>
    inner.type === 'other' && inner.value.type === 'tool_reference' ? bringIn(inner.value) : undefined,
  );
  const tools = found.filter((tool) => tool !== undefined);
  if (tools.length === 0) return block;
  const others = block.content.filter((_, index) => !found[index]);
  return { ...block, content: [{ type: 'text', text: functions(tools) }, ...others] };
}

/** The form is the one that Claude Code's search promises the model. */
function functions(tools: readonly Tool[]): string {
  const definitions = tools.map(({ name, description, inputSchema }) =>
    JSON.stringify({ description, name: toolAlias(name), parameters: inputSchema }),
  );
  return ['<functions>', ...definitions.map((json) => `<function>${json}</function>`), '</functions>'].join('\n');
}
