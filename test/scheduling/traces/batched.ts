import type { Scenario } from '../../../scripts/simulate/trace.ts';
import { batched } from './engines.ts';
import { threeUsers } from './three-users.ts';

export const scenario: Scenario = {
  name: 'three users on a batched engine',
  trace: threeUsers(['ana', 'ben', 'cem']),
  engines: [batched],
};
