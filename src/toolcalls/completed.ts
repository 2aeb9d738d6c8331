/** What readers of tags have in common: tags seen ahead, and tags that are missing at the end. */
import { type Input, oneOf, type Run } from './run.ts';
import type { CallReader } from './types.ts';

/** The one of the tags that comes next, not read. */
export function* ahead<T extends string>(input: Input, ...tags: readonly T[]): Run<T | undefined> {
  const tag = yield* oneOf(input, ...tags);
  input.index -= tag?.length ?? 0;
  return tag;
}

/** A reader that takes closing tags as written where the answer ends without them. */
export function completed(reader: CallReader, closers: string): CallReader {
  return {
    read: reader.read,
    end() {
      reader.read(closers);
      return reader.end();
    },
  };
}
