/** JSON schemas as GBNF, llama.cpp's grammars: what the grammar does not allow, the model cannot say. */
import { toolAlias } from '../../prompt/tool-alias.ts';
import type { Settings, Tool } from '../../prompt/types.ts';
import { isJsonObject, type Json, type JsonObject } from '../../protocol/json.ts';

/** Values of any shape. Of white space no more than one blank is allowed: left to itself a model may never end it. */
const anyRules = `
string ::= "\\"" character* "\\""
character ::= [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" hex hex hex hex)
hex ::= [0-9a-fA-F]
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
number ::= integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
colon ::= ":" " "?
comma ::= "," " "?
any-object ::= "{" (string colon any (comma string colon any)*)? "}"
any-array ::= "[" (any (comma any)*)? "]"
any ::= string | number | boolean | "null" | any-object | any-array
`.trim();

/** A grammar of exactly one JSON value of this schema. Keywords it does not know widen what is allowed. */
export function jsonGrammar(schema: JsonObject): string {
  return `root ::= ${rule(schema, schema)}\n${anyRules}`;
}

/**
 * A grammar of one Hermes tool call, for a client that demands one (`tool_choice` any or tool); undefined when it does not,
 * or no tool is there to be called.
 */
export function toolCallGrammar({ toolChoice }: Settings, tools: readonly Tool[]): string | undefined {
  if (toolChoice.type !== 'any' && toolChoice.type !== 'tool') return undefined;
  const calls = tools.flatMap(({ name, inputSchema }) => {
    if (!inputSchema || (toolChoice.type === 'tool' && toolChoice.name !== name)) return [];
    return [
      `${literal(`{"name": ${JSON.stringify(toolAlias(name))}, "arguments": `)} ${rule(inputSchema, inputSchema)} "}"`,
    ];
  });
  if (calls.length === 0) return undefined;
  return `root ::= "<tool_call>\\n" (${calls.join(' | ')}) "\\n</tool_call>"\n${anyRules}`;
}

/** `refs`: the references this schema was reached by; one that refers to itself becomes `any`. */
function rule(schema: Json | undefined, root: JsonObject, refs: readonly string[] = []): string {
  if (!isJsonObject(schema)) return 'any';
  const { $ref } = schema;
  if (typeof $ref === 'string') return refs.includes($ref) ? 'any' : rule(resolved($ref, root), root, [...refs, $ref]);
  const inner = (value: Json | undefined): string => rule(value, root, refs);
  if (schema.const !== undefined) return literal(JSON.stringify(schema.const));
  if (isList(schema.enum)) return oneOf(schema.enum.map((value) => literal(JSON.stringify(value))));
  const variants = schema.anyOf ?? schema.oneOf;
  if (isList(variants)) return oneOf(variants.map(inner));
  if (isList(schema.type)) return oneOf(schema.type.map((type) => inner({ ...schema, type })));
  switch (schema.type) {
    case 'object':
      return objectRule(schema, inner);
    case 'array':
      return arrayRule(schema, inner(schema.items));
    case 'null':
      return '"null"';
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return schema.type;
    default:
      return 'any';
  }
}

/** Required properties first, then any of the others, each list in the schema's order. */
function objectRule(schema: JsonObject, inner: (value: Json | undefined) => string): string {
  if (!isJsonObject(schema.properties)) return 'any-object';
  const names = Object.keys(schema.properties);
  const properties = schema.properties;
  const member = (name: string): string => `${literal(JSON.stringify(name))} colon ${inner(properties[name])}`;
  const isRequired = (name: string): boolean => isList(schema.required) && schema.required.includes(name);
  const required = names.filter(isRequired);
  // Commas are simple after a first member that is always there; nothing required: all of them is as good as any.
  const [always, optional] = required.length > 0 ? [required, names.filter((name) => !isRequired(name))] : [names, []];
  const members = always.map(member).join(' comma ');
  return ['"{"', members, ...optional.map((name) => `(comma ${member(name)})?`), '"}"'].filter(Boolean).join(' ');
}

function arrayRule(schema: JsonObject, item: string): string {
  const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
  const most = typeof schema.maxItems === 'number' ? schema.maxItems : Number.POSITIVE_INFINITY;
  if (most === 0) return '"[]"';
  const further = `{${Math.max(0, least - 1)},${Number.isFinite(most) ? most - 1 : ''}}`;
  const items = `(${item}) (comma (${item}))${further}`;
  return least > 0 ? `"[" ${items} "]"` : `"[" (${items})? "]"`;
}

/** A pointer into the schema itself, such as `#/$defs/step`. */
function resolved(ref: string, root: JsonObject): Json | undefined {
  if (!ref.startsWith('#')) return undefined;
  const keys = ref.split('/').slice(1);
  return keys.reduce<Json | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), root);
}

function oneOf(rules: readonly string[]): string {
  return rules.length > 0 ? `(${rules.join(' | ')})` : 'any';
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Text as a GBNF literal. It is JSON already, its control characters escaped, so that JSON's escapes of it are GBNF's too. */
function literal(text: string): string {
  return JSON.stringify(text);
}
