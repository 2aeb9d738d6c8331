/** What a tool's input schema objects to, by ajv: types and names only, the rest is the client's to check. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { JsonObject } from '../protocol/json.ts';

/** An objection to the value at `path`, a JSON pointer. */
export type Objection = {
  readonly path: string;
  /** Where the schema says so; branches of a union differ in it. */
  readonly source: string;
} & (
  | { readonly to: 'type'; readonly types: readonly string[] }
  | { readonly to: 'value'; readonly allowed: readonly unknown[] }
  | { readonly to: 'key' }
);

export type Objections = (value: JsonObject) => readonly Objection[];

/**
 * Keywords that say nothing of types. `required` is one: single arguments are validated, of which each lacks the others;
 * and what depends on the others cannot be judged by one. `not` could then forbid everything.
 */
const ignored =
  'required dependentRequired dependentSchemas dependencies if then else not propertyNames contains minContains maxContains ' +
  'minProperties maxProperties minItems maxItems uniqueItems pattern minLength maxLength format multipleOf ' +
  'minimum maximum exclusiveMinimum exclusiveMaximum';

/** Keys can be declared under these, which are not looked at: nothing is unknown then. */
const conditional = /"(?:if|dependentSchemas|dependencies)":/;

/** A schema that cannot be compiled objects to nothing, so does one that refers to itself without end. */
export function objectionsOf(schema: JsonObject): Objections {
  const validate = compile(schema);
  if (validate === undefined) return () => [];
  return (value) => {
    try {
      return validate(value) ? [] : (validate.errors ?? []).flatMap(objection);
    } catch (error) {
      if (error instanceof RangeError) return [];
      throw error;
    }
  };
}

function compile({ $schema: _dialect, ...schema }: JsonObject) {
  // One instance each: an instance remembers every schema, and takes no `$id` twice.
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    ownProperties: true,
    unicodeRegExp: false,
    logger: false,
  });
  for (const keyword of ignored.split(' ')) ajv.removeKeyword(keyword);
  if (conditional.test(JSON.stringify(schema))) ajv.removeKeyword('unevaluatedProperties');
  try {
    return ajv.compile<unknown>(schema);
  } catch {
    // Whatever is wrong with it, the client has sent it to be understood as far as it goes.
    return undefined;
  }
}

/** Unions are in the objections of their branches; two branches that both fit are nothing to object to. */
function objection({ keyword, params, instancePath: path, schemaPath: source }: ErrorObject): readonly Objection[] {
  switch (keyword) {
    case 'type':
      return [{ path, source, to: 'type', types: [params.type].flat().flatMap((type) => String(type).split(',')) }];
    case 'enum':
      return [{ path, source, to: 'value', allowed: params.allowedValues }];
    case 'const':
      return [{ path, source, to: 'value', allowed: [params.allowedValue] }];
    case 'additionalProperties':
      return [{ path: pointer(path, String(params.additionalProperty)), source, to: 'key' }];
    case 'unevaluatedProperties':
      return [{ path: pointer(path, String(params.unevaluatedProperty)), source, to: 'key' }];
    case 'false schema':
      return [{ path, source, to: 'key' }];
    default:
      return [];
  }
}

/** The pointer of what is under `key` of the value at `path`. */
export function pointer(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
