import type { Scenario } from '../../../scripts/simulate/trace.ts';
import { snapshots } from './engines.ts';
import { threeUsers } from './three-users.ts';

export const scenario: Scenario = {
  name: 'three users, prefixes on disk',
  trace: threeUsers(['ana', 'ben', 'cem']),
  engines: [snapshots],
};
