/** All samples, by family. */
import { granite } from './granite.ts';
import { hermes } from './hermes.ts';
import type { Sample } from './sample.ts';

export const corpus: Readonly<Record<string, readonly Sample[]>> = {
  hermes,
  granite,
};
