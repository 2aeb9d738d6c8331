/** The demo model's byte-level BPE vocabulary: every text round-trips, what is frequent in prompts is short. */
import { gaps, marks, stems, words } from './words.ts';

/** GGUF's token types. */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/** End the turn or frame it; never part of a text. */
export const control = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;
/** Markup that answers consist of: user-defined tokens come through detokenizing, control tokens need not. */
const markup = ['<tool_call>', '</tool_call>', '<tool_response>', '</tool_response>', '<think>', '</think>'];

const MERGES_A_PASS = 40;
const MAX_MERGES = 3200;

export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  /** `left right`, the first wins. */
  readonly merges: readonly string[];
}

export function createVocabulary(): Vocabulary {
  const alphabet = [...byteAlphabet().values()];
  const merges = train(corpus());
  const learned = merges.map((merge) => merge.replace(' ', ''));
  const normal = [...new Set([...alphabet, ...learned])];
  return {
    tokens: [...normal, ...control, ...markup],
    types: [...normal.map(() => NORMAL), ...control.map(() => CONTROL), ...markup.map(() => USER_DEFINED)],
    merges,
  };
}

/** GPT-2's alphabet: a printable character for every byte, so that tokens are text and a space is `Ġ`. */
export function byteAlphabet(): ReadonlyMap<number, string> {
  const alphabet = new Map<number, string>();
  let substitute = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    alphabet.set(byte, String.fromCharCode(printable ? byte : substitute++));
  }
  return alphabet;
}

interface Unit {
  readonly parts: string[];
  readonly weight: number;
}

function corpus(): Unit[] {
  const alphabet = byteAlphabet();
  const unit = (text: string, weight: number): Unit => ({
    parts: [...Buffer.from(text)].map((byte) => alphabet.get(byte) ?? ''),
    weight,
  });
  return [
    ...words.map((word, rank) => unit(` ${word}`, 3 / (rank + 20))),
    ...words.map((word, rank) => unit(word, 1 / (rank + 20))),
    ...words.slice(0, 200).map((word, rank) => unit(capitalized(word), 1 / (rank + 20))),
    ...words.slice(0, 200).map((word, rank) => unit(` ${capitalized(word)}`, 1 / (rank + 20))),
    ...stems.map((stem) => unit(stem, 1 / 50)),
    ...[...marks, ...gaps].map((mark) => unit(mark, 1)),
  ];
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/**
 * Byte-pair merges, the heaviest pairs first. Several a pass: counting again after each one would take seconds and yield much
 * the same list.
 */
function train(units: Unit[]): string[] {
  const merges = new Set<string>();
  while (merges.size < MAX_MERGES) {
    const pairs = heaviestPairs(units).filter((pair) => !merges.has(pair));
    if (pairs.length === 0) break;
    for (const pair of pairs.slice(0, MERGES_A_PASS)) {
      merges.add(pair);
      const [left = '', right = ''] = pair.split(' ');
      for (const unit of units) merge(unit.parts, left, right);
    }
  }
  return [...merges];
}

function heaviestPairs(units: readonly Unit[]): string[] {
  const weights = new Map<string, number>();
  for (const { parts, weight } of units) {
    for (let i = 1; i < parts.length; i++) {
      const pair = `${parts[i - 1]} ${parts[i]}`;
      weights.set(pair, (weights.get(pair) ?? 0) + weight);
    }
  }
  return [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([pair]) => pair);
}

function merge(parts: string[], left: string, right: string): void {
  for (let i = 1; i < parts.length; i++) {
    if (parts[i] === right && parts[i - 1] === left) parts.splice(i - 1, 2, left + right);
  }
}
