/** Arguments whose values are bare text, written as JSON strings: what they stand for is for the tool's schema to say. */
import type { Json } from '../protocol/json.ts';
import { keepDigits } from './keep-digits.ts';
import { createStringWriter, type StringWriter } from './string-writer.ts';
import type { KnownTool } from './tool-set.ts';
import type { CallSink } from './types.ts';

export interface BareArguments {
  key(key: string): void;
  /** More of the value. */
  text(piece: string): void;
  /** No more keys come. */
  end(): void;
}

/** Templates in Python print null so. */
const nulls = ['null', 'None'];

const longInteger = /^-?[1-9]\d{15,}$/;

/**
 * @param tool undefined for one nobody knows
 * @param ownLines values stand on lines of their own: one line break at either end is not part of them
 */
export function bareArguments(calls: CallSink, tool: KnownTool | undefined, ownLines: boolean): BareArguments {
  let open: string | undefined;
  let any = false;
  /** Of the value: not written yet, because it may be its last line break or all of it. */
  let held = '';
  /** Nothing of the value has come. */
  let first = true;
  /** The schema has no other type for the value, so that it can be written before it is complete. */
  let isText = true;
  let written: StringWriter | undefined;

  /** JSON for what a value that is read as a whole stands for. */
  const meant = (key: string, text: string): string => {
    if (nulls.includes(text) && tool?.schema.fit(key, null).state === 'fits') return 'null';
    // As text, a number that long is not certain to be one.
    const readings: readonly Json[] = longInteger.test(text) ? [Number(text), text] : [text];
    for (const value of isText ? [] : readings) {
      const fitted = tool?.schema.fit(key, value);
      if (fitted?.state === 'fits') return keepDigits(JSON.stringify(value), text);
      if (fitted?.state === 'retyped') return keepDigits(JSON.stringify(fitted.value), text);
    }
    return JSON.stringify(text);
  };

  const close = () => {
    if (open === undefined) return;
    const value = ownLines && held.endsWith('\n') ? held.slice(0, -1) : held;
    if (written) {
      written.add(value);
      written.end();
    } else calls.arguments(meant(open, value));
  };

  return {
    key(key) {
      close();
      calls.arguments(`${any ? ',' : '{'}${JSON.stringify(key)}:`);
      any = true;
      open = key;
      held = '';
      first = true;
      isText = tool?.schema.takesText(key) !== false;
      written = undefined;
    },
    text(piece) {
      held += first && ownLines && piece.startsWith('\n') ? piece.slice(1) : piece;
      first = false;
      if (!isText || (!written && nulls.some((word) => `${word}\n`.startsWith(held)))) return;
      const end = ownLines && held.endsWith('\n') ? held.length - 1 : held.length;
      written ??= createStringWriter(calls.arguments);
      written.add(held.slice(0, end));
      held = held.slice(end);
    },
    end() {
      close();
      calls.arguments(any ? '}' : '{}');
    },
  };
}
