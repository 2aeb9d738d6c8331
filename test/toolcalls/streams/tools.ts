/** Tools with random schemas, and calls of them. */
import fc from 'fast-check';
import type { JsonObject } from '../../../src/protocol/json.ts';
import type { ExactObject } from './exact.ts';
import { type Kind, kindNames, kinds, type Manner, type Param } from './params.ts';

export interface Tool {
  readonly name: string;
  readonly inputSchema: JsonObject;
  /** With one that the schema does not speak of, where it allows that. */
  readonly params: Readonly<Record<string, Kind>>;
  readonly required: readonly string[];
}

export interface Call {
  readonly tool: Tool;
  readonly input: ExactObject;
}

const param = (kind: Kind): Param => kinds[kind];
const names = ['Read', 'Bash', 'TodoWrite', 'run_query', 'mcp__db_2__find_page', 'list-files', 'get_page'];

const shape = fc.record({
  kinds: fc.uniqueArray(fc.constantFrom(...kindNames), { maxLength: 5 }),
  required: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  additional: fc.constantFrom(true, false, undefined),
});

/**
 * The tools of all streams. They are the same in every run: compiling a schema costs more than reading a hundred calls, and
 * what varies is the streams.
 */
export const pool: readonly Tool[] = fc.sample(shape, { numRuns: 60, seed: 8 }).map((shape, index) => {
  const required = shape.kinds.filter((_, at) => shape.required[at]);
  const defs = Object.assign({}, ...shape.kinds.map((kind) => param(kind).defs ?? {}));
  return {
    // No two are alike but for case, prefix or the kind of their dashes.
    name: `${names[index % names.length]}${index}`,
    params: {
      ...Object.fromEntries(shape.kinds.map((kind) => [kind, kind])),
      ...(shape.additional !== false && { constructor: 'untyped' as const }),
    },
    required,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(shape.kinds.map((kind) => [kind, param(kind).schema])),
      ...(required.length > 0 && { required }),
      ...(shape.additional !== undefined && { additionalProperties: shape.additional }),
      ...(Object.keys(defs).length > 0 && { $defs: defs }),
    },
  };
});

/** Any call of the tool in the order of its parameters or another. */
function callsOf(tool: Tool, manner: Manner): fc.Arbitrary<Call> {
  const values = Object.fromEntries(
    Object.entries(tool.params).map(([key, kind]) => [key, param(kind).values(manner)]),
  );
  return fc
    .tuple(fc.record(values, { requiredKeys: [...tool.required], noNullPrototype: true }), fc.boolean())
    .map(([input, reversed]) => ({
      tool,
      input: reversed ? Object.fromEntries(Object.entries(input).reverse()) : { ...input },
    }));
}

const manners: readonly Manner[] = ['json', 'bare', 'gemma', 'python'];
const ofTools = new Map(pool.map((tool) => [tool, new Map(manners.map((manner) => [manner, callsOf(tool, manner)]))]));

/** Calls of all tools, or of those that suit. */
export function callsOfPool(manner: Manner, suits: (tool: Tool) => boolean = () => true): fc.Arbitrary<Call> {
  return fc.oneof(...pool.filter(suits).flatMap((tool) => ofTools.get(tool)?.get(manner) ?? []));
}
