/** The gateway measures with `performance.now()`; people read clocks. */

/** Milliseconds since 1970, whole ones: a picture of the same moment has to be the same. */
export function wallClock(ms: number): number {
  return Math.round(performance.timeOrigin + ms);
}

export function wallClockOrNot(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : wallClock(ms);
}
