/** Finding fixed strings in text that arrives in pieces cut anywhere. */

export interface MarkerHit {
  readonly index: number;
  readonly marker: string;
}

/**
 * The marker that is complete first when the text is read from left to right; of two ending together the longer one.
 * With the text before `heldBack` put in front of the next piece, the answer does not depend on where pieces were cut.
 */
export function findMarker(text: string, markers: readonly string[]): MarkerHit | undefined {
  let best: MarkerHit | undefined;
  let bestEnd = Number.POSITIVE_INFINITY;
  for (const marker of markers) {
    const index = text.indexOf(marker);
    if (index < 0) continue;
    const end = index + marker.length;
    if (end < bestEnd || (end === bestEnd && best !== undefined && index < best.index)) {
      best = { index, marker };
      bestEnd = end;
    }
  }
  return best;
}

/** Length of the longest end of `text` that the next piece may complete to a marker. */
export function heldBack(text: string, markers: readonly string[]): number {
  let longest = 0;
  for (const marker of markers) {
    const from = Math.max(0, text.length - marker.length + 1);
    for (let at = text.indexOf(marker.charAt(0), from); at >= 0; at = text.indexOf(marker.charAt(0), at + 1)) {
      if (!marker.startsWith(text.slice(at))) continue;
      longest = Math.max(longest, text.length - at);
      break;
    }
  }
  return longest;
}
