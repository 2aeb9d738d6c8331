/** What a run comes to. */
import type { Served } from './run.ts';

export interface Figures {
  /** Milliseconds from arrival to first token. */
  readonly meanTtft: number;
  readonly p50Ttft: number;
  readonly p99Ttft: number;
  /** The longest time from arrival to a slot, ms. */
  readonly longestWait: number;
  readonly prefilledTokens: number;
  /** Jain's index, 1 is equal, over the share of an engine's time that each client got while it wanted any. */
  readonly fairness: number;
}

export const ttftOf = ({ arrivedAt, firstTokenAt }: Served): number => firstTokenAt - arrivedAt;
const waitOf = ({ arrivedAt, startedAt }: Served): number => startedAt - arrivedAt;

export function figuresOf(served: readonly Served[]): Figures {
  const ttfts = served.map(ttftOf).toSorted((a, b) => a - b);
  return {
    meanTtft: sum(ttfts) / ttfts.length,
    p50Ttft: quantile(ttfts, 0.5),
    p99Ttft: quantile(ttfts, 0.99),
    longestWait: Math.max(...served.map(waitOf)),
    prefilledTokens: sum(served.map(({ prefilledTokens }) => prefilledTokens)),
    fairness: jain([...Map.groupBy(served, ({ request }) => request.client).values()].map(shareWhileWanted)),
  };
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function jain(values: readonly number[]): number {
  return sum(values) ** 2 / (values.length * sum(values.map((value) => value ** 2)));
}

function shareWhileWanted(served: readonly Served[]): number {
  const used = sum(served.map(({ startedAt, endedAt }) => endedAt - startedAt));
  return used / lengthOfUnion(served.map(({ arrivedAt, endedAt }) => [arrivedAt, endedAt]));
}

function lengthOfUnion(spans: readonly (readonly [number, number])[]): number {
  let length = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    length += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return length;
}
