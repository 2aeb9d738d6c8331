/** Every trace there is. */
import type { Scenario } from '../../../scripts/simulate/trace.ts';
import * as batched from './batched.ts';
import * as compaction from './compaction.ts';
import * as flood from './flood.ts';
import * as fourPrefixes from './four-prefixes.ts';
import * as idleSessions from './idle-sessions.ts';
import * as oneUser from './one-user.ts';
import * as snapshots from './snapshots.ts';
import * as threeUsers from './three-users.ts';
import * as twoEngines from './two-engines.ts';
import * as twoUsers from './two-users.ts';

export const scenarios: readonly Scenario[] = [
  oneUser,
  threeUsers,
  flood,
  idleSessions,
  compaction,
  batched,
  fourPrefixes,
  snapshots,
  twoEngines,
  twoUsers,
].map(({ scenario }) => scenario);
