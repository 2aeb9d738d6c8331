/** What models do to their calls, and what is to become of such a call. */
import { type Exact, type ExactObject, type Style, write } from './exact.ts';
import type { Form, Written } from './forms.ts';
import type { Kind, Manner } from './params.ts';
import type { Call, Tool } from './tools.ts';

/**
 * `exact`: the call as it was meant. `lost`: nothing can be made of it, so what was written is shown as text or told as an
 * invalid call. `cut`: the answer broke off in it.
 */
export type Fate = 'exact' | 'lost' | 'cut';

export interface Damage {
  readonly name: string;
  readonly fate: Fate;
  /** The families it can happen to. */
  readonly hits: (form: Form) => boolean;
  /** Tools whose calls it can happen to, if not to all. */
  readonly suits?: (tool: Tool) => boolean;
  /** The call as it is written then. */
  readonly write?: (call: Call, written: Written) => Written;
  /** The answer, which ends in the call, as it is then. `at` is somewhere from 0 to 1. */
  readonly cut?: (markup: string, form: Form, at: number) => string;
  /** The engine's own parser tells the call, too. */
  readonly twice?: true;
}

const manners =
  (...some: readonly Manner[]) =>
  ({ manner }: Form) =>
    some.includes(manner);
const all = () => true;

const styled = (name: string, style: Partial<Style>, hits: Damage['hits']): Damage => ({
  name,
  fate: 'exact',
  hits,
  write: (_, written) => ({ ...written, style: { ...written.style, ...style } }),
});

const named = (name: string, slip: (name: string) => string, fate: Fate = 'exact'): Damage => ({
  name,
  fate,
  hits: all,
  write: (_, written) => ({ ...written, name: slip(written.name) }),
});

/** Changes the values of all parameters of these kinds. */
const valued = (
  name: string,
  hits: Damage['hits'],
  change: Partial<Record<Kind, (value: Exact) => Exact>>,
): Damage => ({
  name,
  fate: 'exact',
  hits,
  suits: ({ params }) => Object.values(params).some((kind) => kind in change),
  write: ({ tool }, written) => ({
    ...written,
    input: Object.fromEntries(
      Object.entries(written.input).map(([key, value]) => {
        const kind = tool.params[key];
        return [key, (kind && change[kind]?.(value)) ?? value];
      }),
    ),
  }),
});

const closers = /<\/(tool_call|function|invoke)>|<\|(tool_call_end|call)\|>|<｜tool▁call▁end｜>|<tool_call\|>/;

/** Integers beyond 2^53 cannot be told from strings of digits for certain. */
const asText = (value: Exact) => (typeof value === 'bigint' || value === null ? value : write(value));
const upperCase = (value: Exact) => (typeof value === 'string' ? value.toUpperCase() : value);
const onlyItem = (value: Exact) => (Array.isArray(value) && value.length === 1 ? (value[0] ?? value) : value);

/** Left as it is where it ends in fewer tags, having no arguments, or where the last value is empty: it might be missing. */
function withoutEnd(markup: string, { end, manner }: Form): string {
  if (!markup.endsWith(end) || (manner === 'bare' && />\s*$/.test(markup.slice(0, -end.length)))) return markup;
  return markup.slice(0, markup.length - end.length);
}

function withoutClosers(markup: string, form: Form, at: number): string {
  const { manner } = form;
  const open = withoutEnd(markup, form);
  if (manner === 'bare') return open;
  const closers = /[\s}\])]*$/.exec(open)?.[0].length ?? 0;
  return open.slice(0, open.length - Math.ceil(at * closers));
}

function withoutRequired({ required }: Call['tool'], input: ExactObject): ExactObject {
  return Object.fromEntries(Object.entries(input).filter(([key]) => key !== required[0]));
}

export const damages: readonly Damage[] = [
  { name: 'none', fate: 'exact', hits: all },
  styled('other white space', { gap: '\n  ' }, all),
  styled('escaped unicode', { gap: ' ', ascii: true }, all),
  styled('trailing comma', { trailingComma: true }, manners('json', 'bare', 'python')),
  // JSON that is the whole answer is a call only if it begins as one to the letter.
  styled('single quotes', { quote: "'" }, (form) => !form.whole && form.manner !== 'gemma'),
  {
    name: 'raw line breaks',
    fate: 'exact',
    hits: manners('json', 'bare'),
    suits: ({ params }) => ['text', 'words', 'edit', 'edits', 'open'].some((kind) => kind in params),
    // A string that holds both a raw line break and what ends a call is told from one that was never closed by nothing.
    write: (_, written) =>
      closers.test(write(written.input)) ? written : { ...written, style: { ...written.style, rawBreaks: true } },
  },
  styled('Python literals', { python: true }, manners('json', 'bare')),
  styled('comments', { gap: ' ', comment: '/* here, "so" */' }, manners('json')),
  styled('line comments', { gap: '\n  ', comment: '// here, "so"\n' }, manners('json')),
  valued('strings for numbers and booleans', all, {
    integer: asText,
    number: asText,
    boolean: asText,
    numbers: (value) => (Array.isArray(value) ? value.map(asText) : value),
  }),
  valued('JSON in strings', all, {
    words: asText,
    numbers: asText,
    edits: asText,
    edit: asText,
    open: asText,
    deep: asText,
  }),
  valued('a scalar for an array', all, { oneWord: onlyItem, numbers: onlyItem }),
  valued('an enum in upper case', all, { mode: upperCase }),
  { ...named('name in lower case', (name) => name.toLowerCase()), suits: ({ name }) => name !== name.toLowerCase() },
  named('functions. before the name', (name) => `functions.${name}`),
  {
    ...named('other dashes in the name', (name) => name.replaceAll('_', '-')),
    suits: ({ name }) => name.includes('_'),
  },
  { name: 'no closers', fate: 'exact', hits: all, cut: withoutClosers },
  {
    name: 'no closing tag',
    fate: 'exact',
    hits: ({ end }) => end !== '',
    cut: withoutEnd,
  },
  { name: 'told twice', fate: 'exact', hits: all, twice: true },
  named('an unknown tool', () => 'fetch_nothing', 'lost'),
  {
    name: 'a required argument missing',
    fate: 'lost',
    hits: all,
    suits: ({ required }) => required.length > 0,
    write: ({ tool }, written) => ({ ...written, input: withoutRequired(tool, written.input) }),
  },
  {
    name: 'the token limit',
    fate: 'cut',
    hits: all,
    cut: (markup, _, at) => markup.slice(0, Math.floor(at * (markup.length - 1))),
  },
];
