/** Tells everybody who watches what changes. Nothing is looked at while nobody does. */
import { changeBetween } from './changes.ts';
import type { Overview } from './types.ts';

/** `overview`: for a viewer that begins, or has missed some; `change`: since the last of either. */
export type OverviewFrame = { readonly name: 'overview' | 'change'; readonly json: string };

export interface Viewer {
  changed(frame: OverviewFrame): void;
  /** Nothing more is told. */
  ended(): void;
}

export interface Watch {
  /** Tells every change until the returned function is called. */
  subscribe(viewer: Viewer): () => void;
  /** That the next change is a change of. */
  whole(): OverviewFrame;
}

/** At most five times a second: what people can follow. */
const intervalMs = 200;

/** Counted tokens are told with every so many looks alone: with many streams they would be most of what is sent. */
const looksPerCount = 5;

/** @param broke is told why, when a picture could not be made: whoever only looks must not end the gateway */
export function createWatch(read: () => Overview, broke: (error: unknown) => void): Watch {
  const viewers = new Set<Viewer>();
  let timer: NodeJS.Timeout | undefined;
  let last: Overview | undefined;
  let looks = 0;

  const look = () => {
    const now = read();
    looks += 1;
    const change = last && changeBetween(last, now, looks % looksPerCount === 0);
    last = { ...now, running: change?.running ?? last?.running ?? now.running };
    if (!change) return;
    // Written once, however many watch.
    const frame = { name: 'change', json: JSON.stringify(change) } as const;
    for (const viewer of viewers) viewer.changed(frame);
  };

  const lookSafely = () => {
    try {
      look();
    } catch (error) {
      broke(error);
      for (const viewer of viewers) viewer.ended();
    }
  };

  return {
    subscribe(viewer) {
      if (!timer) {
        last = read();
        timer = setInterval(lookSafely, intervalMs);
      }
      viewers.add(viewer);
      return () => {
        viewers.delete(viewer);
        if (viewers.size > 0) return;
        clearInterval(timer);
        timer = undefined;
        last = undefined;
      };
    },
    whole: () => ({ name: 'overview', json: JSON.stringify(last ?? read()) }),
  };
}
