import type { Scenario } from '../../../scripts/simulate/trace.ts';
import { fourPrefixes } from './engines.ts';
import { threeUsers } from './three-users.ts';

/** Six prefixes and the titles' on an engine that keeps four. */
export const scenario: Scenario = {
  name: 'three users, an engine of four prefixes',
  trace: threeUsers(['ana', 'ben', 'cem']),
  engines: [fourPrefixes],
};
