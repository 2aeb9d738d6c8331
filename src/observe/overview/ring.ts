/** A list that forgets its oldest. */
export interface Ring<T> {
  push(item: T): void;
  /** As they are now, the oldest first. */
  items(): readonly T[];
}

export function createRing<T>(most: number): Ring<T> {
  let items: T[] = [];
  return {
    push(item) {
      items.push(item);
      // Not at every push: moving all the others costs more than keeping a few.
      if (items.length >= 2 * most) items = items.slice(-most);
    },
    items: () => items.slice(-most),
  };
}
