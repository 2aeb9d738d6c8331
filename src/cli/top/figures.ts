/** Figures as people read them, in few columns. */

/** `950`, `12.4k`, `1.2M` */
export function tokens(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  if (count < 999_500) return `${short(count / 1_000)}k`;
  return `${short(count / 1_000_000)}M`;
}

function short(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

/** `0.4 s`, `12 s`, `3 min`, `2 h` */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 119.5) return `${seconds.toFixed(0)} s`;
  const minutes = seconds / 60;
  return minutes < 119.5 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(0)} h`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `████▌░░░░░` */
export function bar(share: number, width: number): string {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  return `${'█'.repeat(halves >> 1)}${halves % 2 ? '▌' : ''}`.padEnd(width, '░');
}

/** `16:02:31`, of this machine's time zone. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
