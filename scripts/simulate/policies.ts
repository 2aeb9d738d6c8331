/** What is compared: plain FIFO, warmslot's order, and each of its parts switched off. */
import { fullPolicy, type Policy } from '../../machines/policies/types.ts';

export const fifo: Policy = { order: 'fifo', fairness: false, hold: false, aging: false };

export const policies = {
  FIFO: fifo,
  warmslot: fullPolicy,
  'arrival order': { ...fullPolicy, order: 'fifo' },
  'no fairness': { ...fullPolicy, fairness: false },
  'no hold': { ...fullPolicy, hold: false },
  'no aging': { ...fullPolicy, aging: false },
} as const satisfies Readonly<Record<string, Policy>>;
