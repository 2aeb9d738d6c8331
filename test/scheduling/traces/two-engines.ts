import type { Scenario } from '../../../scripts/simulate/trace.ts';
import { oneSlot } from './engines.ts';
import { threeUsers } from './three-users.ts';

export const scenario: Scenario = {
  name: 'four users on two engines',
  trace: threeUsers(['ana', 'ben', 'cem', 'dan']),
  engines: [
    { ...oneSlot, name: 'left' },
    { ...oneSlot, name: 'right' },
  ],
};
