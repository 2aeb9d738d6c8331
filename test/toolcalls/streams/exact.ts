/** JSON values whose integers keep all their digits, and the many ways in which models write them. */
import { parseJson } from '../../../src/protocol/json.ts';

export type Exact = string | number | bigint | boolean | null | readonly Exact[] | ExactObject;
export interface ExactObject {
  readonly [key: string]: Exact;
}

export interface Style {
  /** Behind commas and colons. A line break and the indentation stand at every comma then. */
  readonly gap: '' | ' ' | '\n  ';
  readonly ascii: boolean;
  readonly quote: '"' | "'";
  readonly trailingComma: boolean;
  /** Line breaks and tabs in strings as they are. */
  readonly rawBreaks: boolean;
  readonly python: boolean;
  readonly comment: '' | '/* here, "so" */' | '// here, "so"\n';
}

export const compact: Style = {
  gap: '',
  ascii: false,
  quote: '"',
  trailingComma: false,
  rawBreaks: false,
  python: false,
  comment: '',
};

export function isObject(value: unknown): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function write(value: Exact, style: Style = compact): string {
  if (typeof value === 'string') return writeString(value, style);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) {
    return inBrackets(
      '[]',
      value.map((item) => write(item, style)),
      style,
    );
  }
  if (isObject(value)) {
    const colon = style.gap === '' ? ':' : ': ';
    const members = Object.entries(value).map(
      ([key, item]) => writeString(key, style) + colon + style.comment + write(item, style),
    );
    return inBrackets('{}', members, style);
  }
  return style.python ? (pythonNames[String(value)] ?? '') : String(value);
}

const pythonNames: Readonly<Record<string, string>> = { true: 'True', false: 'False', null: 'None' };

function inBrackets(brackets: '[]' | '{}', items: readonly string[], style: Style): string {
  const [open, close] = brackets;
  if (items.length === 0) return brackets;
  const edge = style.gap === '\n  ' ? '\n' : '';
  return `${open}${edge}${items.join(`,${style.gap}`)}${style.trailingComma ? ',' : ''}${edge}${close}`;
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function writeString(text: string, { quote, ascii, rawBreaks }: Style): string {
  const inside = text.replace(/["'\\\p{Cc}\p{Cs}]|[^ -~]/gsu, (character) => {
    if (character === quote) return `\\${quote}`;
    if (character === '"' || character === "'") return character;
    if (rawBreaks && /[\n\t]/.test(character)) return character;
    if (character < ' ' || character === '\\') return escapes[character] ?? unicodeEscape(character);
    return ascii ? unicodeEscape(character) : character;
  });
  return quote + inside + quote;
}

const unicodeEscape = (character: string) =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('');

/** What JSON text says, integers beyond 2^53 as `bigint`; undefined when it is none. */
export function readExact(text: string): unknown {
  if (!/\d{16}/.test(text)) {
    const parsed = parseJson(text);
    return parsed.ok ? parsed.value : undefined;
  }
  try {
    return JSON.parse(text, exactNumber);
  } catch {
    return undefined;
  }
}

/** A reviver; its third parameter tells the number's own text. */
function exactNumber(...[, value, context]: unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !isObject(context)) return value;
  const { source } = context;
  return typeof source === 'string' && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
