/** `cache_control` marks: they move to the newest block every turn and say nothing to a model. */
import { isJsonObject, type Json, type JsonObject } from '../protocol/json.ts';

/**
 * The block, tool or source without its mark and those of the blocks in its `content`. Other fields are data, in which the
 * name means something else (a property of a tool's schema, an argument). Copies only what has a mark.
 */
export function withoutMarks(value: JsonObject): JsonObject {
  const content = value.content;
  const unmarked = Array.isArray(content) ? unmarkedItems(content) : content;
  if (!('cache_control' in value)) return unmarked === content ? value : { ...value, content: unmarked };
  const { cache_control: _, ...rest } = value;
  return unmarked === content ? rest : { ...rest, content: unmarked };
}

function unmarkedItems(items: readonly Json[]): readonly Json[] {
  const unmarked = items.map((item) => (isJsonObject(item) ? withoutMarks(item) : item));
  return unmarked.some((item, index) => item !== items[index]) ? unmarked : items;
}
