/** Engines of a fast desktop machine with a model of 30 billion parameters, three of them active. */
import type { EngineModel } from '../../../scripts/simulate/engine-model.ts';

const speed = { prefillMsPerToken: 1, decodeMsPerToken: 15 };

/** Holds the last prompt of its one slot. */
export const oneSlot: EngineModel = { name: 'one', slots: 1, ...speed, cache: { kind: 'slots', capacity: 1 } };

/** Finds all but the conversations on disk, as the embedded engine does. */
export const snapshots: EngineModel = { ...oneSlot, name: 'snapshots', restorePrice: 0.03 };

/** Decodes side by side and keeps a few conversations. */
export const batched: EngineModel = {
  name: 'batched',
  slots: 4,
  ...speed,
  cache: { kind: 'conversations', capacity: 6 },
};

/** Holds the system text and tools of four prompts, and no conversation. */
export const fourPrefixes: EngineModel = { name: 'four', slots: 1, ...speed, cache: { kind: 'prefixes', capacity: 4 } };
