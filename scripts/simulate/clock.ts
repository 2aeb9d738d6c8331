/**
 * Simulated time that goes from timer to timer. XState's own SimulatedClock fires every timer of a step at the step's end,
 * so what a timer starts would begin too late.
 */

export interface SteppingClock {
  /** Milliseconds since the simulation began. */
  now(): number;
  setTimeout(fire: () => void, ms: number): number;
  clearTimeout(id: number): void;
  /** Goes to the earliest timer and fires it; of equals the one that was set first. False when there is none. */
  step(): boolean;
}

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

export function createSteppingClock(): SteppingClock {
  const timers = new Map<number, Timer>();
  let now = 0;
  let lastId = 0;
  return {
    now: () => now,
    setTimeout(fire, ms) {
      lastId += 1;
      timers.set(lastId, { at: now + Math.max(0, ms), fire });
      return lastId;
    },
    clearTimeout: (id) => void timers.delete(id),
    step() {
      let next: [number, Timer] | undefined;
      for (const entry of timers) {
        if (!next || entry[1].at < next[1].at) next = entry;
      }
      if (!next) return false;
      const [id, { at, fire }] = next;
      timers.delete(id);
      now = at;
      fire();
      return true;
    },
  };
}
