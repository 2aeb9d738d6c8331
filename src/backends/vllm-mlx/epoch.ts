/** Tells one engine process from the next by its uptime. */

/** Seconds a start time may seem to move by a late answer or a clock that was set. */
const tolerance = 30;

export interface EpochWatch {
  /**
   * @param uptime seconds; undefined when the engine did not say, which is no sign of a restart
   * @param now seconds
   */
  see(uptime: number | undefined, now: number): string | undefined;
}

export function watchEpoch(): EpochWatch {
  let seen: { readonly uptime: number; readonly start: number } | undefined;
  let epoch: string | undefined;
  return {
    see(uptime, now) {
      if (uptime === undefined) return epoch;
      const start = now - uptime;
      const restarted = !seen || uptime < seen.uptime || start > seen.start + tolerance;
      if (restarted) epoch = new Date(start * 1000).toISOString();
      seen = { uptime, start: restarted ? start : (seen?.start ?? start) };
      return epoch;
    },
  };
}
