/** The newest of what was put in, each under its number: 1, 2, 3, … */
export interface Ring<T> {
  /** Number of the newest; 0 before there is one. */
  readonly last: number;
  /** Number of the oldest that is kept; one more than `last` while there is none. */
  readonly first: number;
  push(item: T): void;
  /** All that are kept with a greater number, the oldest first. */
  after(number: number): readonly T[];
}

export function createRing<T>(size: number): Ring<T> {
  const items: T[] = [];
  let last = 0;
  const first = () => Math.max(1, last - size + 1);
  return {
    get last() {
      return last;
    },
    get first() {
      return first();
    },
    push(item) {
      items[last++ % size] = item;
    },
    after(number) {
      const from = Math.max(first() - 1, number);
      if (from >= last) return [];
      const [start, end] = [from % size, last % size];
      return start < end ? items.slice(start, end) : [...items.slice(start), ...items.slice(0, end)];
    },
  };
}
