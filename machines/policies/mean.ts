/** Means that forget. */
import type { Mean } from './types.ts';

/** What was known before counts this much after one observation more. */
const memory = 0.7;

const assumedWeight = 1e-6;

/** A figure assumed before the first observation, which then counts nearly alone. */
export function assumed(value: number): Mean {
  return { sum: value * assumedWeight, weight: assumedWeight };
}

export function isLearned({ weight }: Mean): boolean {
  return weight > assumedWeight;
}

/** @param weight of the observation; `sum` is its value times that */
export function observe(mean: Mean, sum: number, weight = 1): Mean {
  return { sum: mean.sum * memory + sum, weight: mean.weight * memory + weight };
}

export function meanOf({ sum, weight }: Mean): number {
  return sum / weight;
}
